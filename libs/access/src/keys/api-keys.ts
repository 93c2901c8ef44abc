import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import {
  type Instant,
  instantFrom,
  instantSchema,
  millisOf,
  type Naming,
  Problem,
} from '@tallystream/contracts';
import {
  CommitConflict,
  JETSTREAM,
  type JetStreamConnection,
  lastMessage,
  publish,
  type StreamMessage,
  watch,
} from '@tallystream/jetstream';
import { type Caller, CONFIG, type Config, NAMING, type Stranger } from '@tallystream/platform';
import { z } from 'zod';
import {
  type ApiKey,
  apiKeySchema,
  createdKey,
  type Deed,
  keyOfEnvironment,
  type NewKey,
  newKeyId,
  newSecret,
  revokedKey,
  rotatedKey,
} from './api-key';
import { KeyRing } from './key-ring';

/** A key, and, this once, the secret that opens. */
export type KeyWithSecret = Readonly<{ key: ApiKey; secret: string }>;

const useSchema = z.object({ at: instantSchema });

/** How often the last use of a key is noted, by all processes together. */
const USE_EVERY_MS = 60_000;
const MOST_ATTEMPTS = 10;

/**
 * The API keys: in the stream `ACCESS_KEYS`, the newest message of a subject being what the key is now, and in
 * the memory of each process, which watches the stream. So a revoked key is refused everywhere at once, and keys
 * open while Postgres and Redis, and for a process that has read them NATS too, are away.
 */
@Injectable()
export class ApiKeys implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('access');
  private readonly stopping = new AbortController();
  private readonly environment: ReadonlyMap<string, ApiKey>;
  private readonly ring: KeyRing;
  private hasRead = false;
  private watching: Promise<void> = Promise.resolve();

  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
    @Inject(CONFIG) config: Config,
  ) {
    this.environment = new Map(config.API_KEYS.map(keyOfEnvironment).map((key) => [key.id, key]));
    this.ring = new KeyRing(this.environment);
  }

  onModuleInit(): void {
    this.watching = watch({
      connection: this.connection,
      stream: this.naming.stream('ACCESS_KEYS'),
      subject: this.naming.subject('access.>'),
      from: 'last-per-subject',
      onMessage: (message) => this.take(message),
      onCaughtUp: () => {
        this.hasRead = true;
      },
      report: (error) => this.logger.debug(`watching keys: ${String(error)}`),
      signal: this.stopping.signal,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.watching;
  }

  /** Whether all keys have been read once; until then, nobody knows which are revoked. */
  isReady(): boolean {
    return this.hasRead;
  }

  /** Nothing when it is none of our keys. @throws Problem `store_unavailable` until the keys have been read */
  holderOf(credential: string): Caller | Stranger | undefined {
    if (!this.hasRead)
      throw new Problem('store_unavailable', 'The API keys have not been read yet.', {
        retryAfterSeconds: 1,
      });
    const now = Date.now();
    const found = this.ring.holderOf(credential, now);
    if (found && !('fault' in found)) this.noteUse(found.id, now);
    return found;
  }

  isStillGood(caller: Caller): boolean {
    return this.ring.isStillGood(caller, Date.now());
  }

  all(): readonly ApiKey[] {
    return this.ring.all();
  }

  find(id: string): ApiKey | undefined {
    return this.ring.find(id);
  }

  /** To the minute. */
  lastUse(id: string): Instant | undefined {
    const at = this.ring.lastUse(id);
    return at === undefined ? undefined : instantFrom(at);
  }

  /** @throws Problem `invalid_request`, `store_unavailable` */
  async create(wanted: NewKey, by: string): Promise<KeyWithSecret> {
    const id = newKeyId();
    const secret = newSecret(id);
    const key = createdKey(id, secret, wanted, { by, at: instantFrom(Date.now()) });
    await this.write(key, 0);
    return { key, secret };
  }

  /** @throws Problem `not_found`, `conflict`, `store_unavailable` */
  async rotate(id: string, graceSeconds: number, by: string): Promise<KeyWithSecret> {
    const secret = newSecret(id);
    return {
      key: await this.change(id, by, (key, deed) => rotatedKey(key, secret, graceSeconds, deed)),
      secret,
    };
  }

  /** @throws Problem `not_found`, `conflict`, `store_unavailable` */
  revoke(id: string, by: string): Promise<ApiKey> {
    return this.change(id, by, revokedKey);
  }

  /** Decides on what the key is now and writes by compare-and-set, so that of two that change it none is lost. */
  private async change(id: string, by: string, decide: (key: ApiKey, deed: Deed) => ApiKey): Promise<ApiKey> {
    const stream = this.naming.stream('ACCESS_KEYS');
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      const stored = await lastMessage(this.connection, stream, this.naming.accessKeySubject(id));
      const key = stored ? keyFrom(stored) : this.environment.get(id);
      if (!key) throw new Problem('not_found', `There is no key ${id}.`);
      const next = decide(key, { by, at: instantFrom(Date.now()) });
      if (next === key) return key;
      try {
        await this.write(next, stored?.seq ?? 0);
        return next;
      } catch (error) {
        if (!(error instanceof CommitConflict)) throw error;
      }
    }
    throw new Problem('conflict', `${id} is being changed by others; try again.`);
  }

  private async write(key: ApiKey, expectedSubjectSeq: number): Promise<void> {
    // A key of the environment is known by its id; its hash stays where the key is.
    const stored: ApiKey = key.source === 'environment' ? { ...key, secrets: [] } : key;
    const { seq } = await publish(this.connection, {
      subject: this.naming.accessKeySubject(key.id),
      headers: {},
      data: Buffer.from(JSON.stringify(stored)),
      expectedSubjectSeq,
    });
    this.ring.take(stored, seq);
  }

  private take(message: StreamMessage): void {
    const [kind, id = ''] = message.subject.slice(this.naming.subject('access.').length).split('.');
    try {
      if (kind === 'use') this.ring.used(id, millisOf(useSchema.parse(jsonOf(message)).at));
      else this.ring.take(keyFrom(message), message.seq);
    } catch (error) {
      this.logger.error(`${message.subject} at ${message.seq} cannot be read: ${String(error)}`);
      if (kind === 'key') this.ring.drop(id);
    }
  }

  /** Never waited for, and lost without harm: it is for people to see which keys nobody uses. */
  private noteUse(id: string, now: number): void {
    if (now - (this.ring.lastUse(id) ?? 0) < USE_EVERY_MS) return;
    this.ring.used(id, now);
    publish(this.connection, {
      subject: this.naming.accessUseSubject(id),
      headers: {},
      data: Buffer.from(JSON.stringify({ at: instantFrom(now) })),
    }).catch((error: unknown) => this.logger.debug(`the use of ${id} was not noted: ${String(error)}`));
  }
}

const keyFrom = (message: StreamMessage): ApiKey => apiKeySchema.parse(jsonOf(message));

const jsonOf = ({ data }: StreamMessage): unknown => JSON.parse(Buffer.from(data).toString('utf8'));
