import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { Naming, StreamSeq } from '@tallystream/contracts';
import {
  JETSTREAM,
  type JetStreamConnection,
  lastMessage,
  publish,
  type StreamMessage,
  watch,
} from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';
import { type DeadLetterState, deadLetterStateSchema } from './dead-letter';

/** A state with its place, from which the next one is moved by compare-and-set. */
export type StoredState = Readonly<{ state: DeadLetterState; seq: StreamSeq }>;

/**
 * What was done about dead letters, beside the letters themselves, which never change. Only those about which
 * something was done have a state; all of them are kept in memory, about 200 bytes each.
 */
@Injectable()
export class DeadLetterStates implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('dead-letters');
  private readonly stopping = new AbortController();
  private readonly states = new Map<number, StoredState>();
  private caughtUp: () => void = () => undefined;
  private readonly whenCaughtUp = new Promise<void>((resolve) => {
    this.caughtUp = resolve;
  });
  private watching: Promise<void> = Promise.resolve();

  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
  ) {}

  onApplicationBootstrap(): void {
    this.watching = watch({
      connection: this.connection,
      stream: this.naming.stream('DEAD_LETTER_STATES'),
      subject: this.naming.subject('dead-letter.*'),
      from: 'last-per-subject',
      onMessage: (message) => this.take(message),
      onCaughtUp: () => this.caughtUp(),
      report: (error) => this.logger.debug(`watching states of dead letters: ${String(error)}`),
      signal: this.stopping.signal,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.watching;
  }

  /** Resolves when all that was done in the past is known. */
  ready(): Promise<void> {
    return this.whenCaughtUp;
  }

  /** As far as this replica has heard. */
  of(id: StreamSeq): DeadLetterState | undefined {
    return this.states.get(id)?.state;
  }

  all(): Iterable<DeadLetterState> {
    return Array.from(this.states.values(), ({ state }) => state);
  }

  /** As the stream's leader knows it. @throws NatsUnavailable */
  async newest(id: StreamSeq): Promise<StoredState | undefined> {
    const subject = this.naming.deadLetterStateSubject(id);
    const message = await lastMessage(this.connection, this.naming.stream('DEAD_LETTER_STATES'), subject);
    return message && storedState(message);
  }

  /** @throws CommitConflict when it has moved since `after`, NatsUnavailable */
  async move(state: DeadLetterState, after: StoredState | undefined): Promise<StoredState> {
    const { seq } = await publish(this.connection, {
      subject: this.naming.deadLetterStateSubject(state.deadLetter),
      headers: { 'content-type': 'application/json' },
      data: Buffer.from(JSON.stringify(state)),
      expectedSubjectSeq: after?.seq ?? 0,
    });
    return this.keep({ state, seq });
  }

  private take(message: StreamMessage): void {
    const stored = storedState(message);
    if (stored) this.keep(stored);
    else this.logger.warn(`message ${message.seq} of DEAD_LETTER_STATES is not a state`);
  }

  private keep(stored: StoredState): StoredState {
    const { deadLetter } = stored.state;
    if ((this.states.get(deadLetter)?.seq ?? 0) < stored.seq) this.states.set(deadLetter, stored);
    return stored;
  }
}

const storedState = ({ data, seq }: StreamMessage): StoredState | undefined => {
  try {
    return { state: deadLetterStateSchema.parse(JSON.parse(Buffer.from(data).toString())), seq };
  } catch {
    return undefined;
  }
};
