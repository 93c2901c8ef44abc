import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { instantSchema, millisOf, type Naming, runIdSchema } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection, type StreamMessage, watch } from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';
import { z } from 'zod';
import { aborted } from '../aborted';
import type { Readings } from './readings';

/** As much of the run of a verification as matters here; other runs are none. */
const verificationSchema = z.object({
  runId: runIdSchema,
  kind: z.literal('verify'),
  status: z.literal('completed'),
  finishedAt: instantSchema,
  stats: z.object({ broken: z.int().nonnegative() }),
});

/** What the newest verification of the ledger found: operators ask for them, and any replica carries them out. */
@Injectable()
export class Verifications implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('alerts');
  private readonly stopping = new AbortController();
  private readonly caughtUp = new AbortController();
  private watching: Promise<void> = Promise.resolve();
  private last: z.infer<typeof verificationSchema> | undefined;

  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
  ) {}

  onApplicationBootstrap(): void {
    this.watching = watch({
      connection: this.connection,
      stream: this.naming.stream('ZOHO_RUNS'),
      subject: this.naming.subject('zoho.run.*'),
      from: 'last-per-subject',
      onMessage: (message) => this.take(message),
      onCaughtUp: () => this.caughtUp.abort(),
      report: (error) => this.logger.debug(`watching verifications: ${String(error)}`),
      signal: this.stopping.signal,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.watching;
  }

  async newest(): Promise<Readings['brokenInvariants']> {
    await aborted(AbortSignal.any([this.caughtUp.signal, this.stopping.signal]));
    return this.last && { runId: this.last.runId, count: this.last.stats.broken };
  }

  private take({ data }: StreamMessage): void {
    const found = verificationSchema.safeParse(parsed(data)).data;
    if (found && (!this.last || millisOf(found.finishedAt) >= millisOf(this.last.finishedAt)))
      this.last = found;
  }
}

const parsed = (data: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(data).toString());
  } catch {
    return undefined;
  }
};
