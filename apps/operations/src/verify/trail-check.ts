import { createHash, type Hash } from 'node:crypto';
import type { Naming, StockEvent, StreamSeq } from '@tallystream/contracts';
import { streamSeq, UnreadableEvent } from '@tallystream/contracts';
import { type JetStreamConnection, readStream, type StreamMessage } from '@tallystream/jetstream';
import { storedEvent } from '@tallystream/ledger';
import {
  addTrailLine,
  type Database,
  type RecordedEvent,
  stretchDigest,
  trailBehind,
  trailDigest,
  trailRows,
} from '@tallystream/projection-store';
import type { Findings } from './findings';

/** Rows that are compared by one digest. */
const STRETCH = 5_000;
/** So many rows of events that never were are looked for behind the end of the stream. */
const MOST_BEHIND = 1_000;

type Stretch = Readonly<{ first: number; last: number }>;
type Digested = Stretch & Readonly<{ digest: string }>;

/** Holds the audit trail against the ledger, row for row, up to where the trail stood before the fold began. */
export class TrailCheck {
  private readonly unlike: Stretch[] = [];
  private comparing: Promise<void> = Promise.resolve();
  private hash: Hash = createHash('sha256');
  private first = 1;
  private last = 0;

  constructor(
    private readonly database: Database,
    private readonly trailAt: StreamSeq,
    private readonly findings: Findings,
    private readonly signal: AbortSignal,
  ) {}

  get checked(): number {
    return this.last;
  }

  /** Every event, while the ledger is folded: of each stretch a digest is kept until Postgres has made its own. */
  see(event: StockEvent, message: StreamMessage): void {
    if (message.seq > this.trailAt) return;
    addTrailLine(this.hash, recordedEvent(event, message));
    this.last = message.seq;
    if (this.last - this.first >= STRETCH - 1) this.close();
  }

  /** @throws Problem `store_unavailable`, NatsUnavailable */
  async compare(connection: JetStreamConnection, naming: Naming, end: () => Promise<number>): Promise<void> {
    if (this.last >= this.first) this.close();
    await this.comparing;
    for (const stretch of this.unlike) await this.compareRows(connection, naming, stretch);
    const behind = await trailBehind(this.database, streamSeq(await end()), MOST_BEHIND);
    const last = await end();
    for (const seq of behind)
      if (seq > last)
        this.findings.add({ check: 'audit-trail', what: 'the row is behind the end of the ledger', seq });
  }

  private close(): void {
    const stretch = { first: this.first, last: this.last, digest: this.hash.digest('hex') };
    this.comparing = this.comparing.then(() => this.compareDigests(stretch));
    // Told when it is waited for.
    this.comparing.catch(() => undefined);
    this.first = this.last + 1;
    this.hash = createHash('sha256');
  }

  /** One stretch after the other, while the next ones are folded. */
  private async compareDigests({ digest, ...stretch }: Digested): Promise<void> {
    if (this.signal.aborted) return;
    if ((await stretchDigest(this.database, stretch)) !== digest) this.unlike.push(stretch);
  }

  private async compareRows(connection: JetStreamConnection, naming: Naming, stretch: Stretch) {
    const rows = await trailRows(this.database, stretch);
    const stored = new Map(rows.map(({ seq, digest }) => [seq, digest]));
    const tell = (seq: number, what: string) => this.findings.add({ check: 'audit-trail', what, seq });
    await readStream(
      connection,
      {
        stream: naming.stream('STOCK'),
        subject: naming.subject('stock.>'),
        after: stretch.first - 1,
        until: stretch.last,
      },
      (message) => {
        const digest = stored.get(message.seq);
        stored.delete(message.seq);
        if (digest === undefined) tell(message.seq, 'the event has no row');
        else if (digest !== digestOf(message)) tell(message.seq, 'the row is not as the event');
      },
    );
    for (const seq of stored.keys()) tell(seq, 'the row is of no event');
  }
}

const recordedEvent = (event: StockEvent, message: StreamMessage): RecordedEvent => ({
  seq: message.seq,
  subject: message.subject,
  id: message.header('ce-id') ?? '',
  ceType: message.header('ce-type') ?? '',
  event,
  data: message.data,
  storedAt: message.storedAt,
});

/** Nothing for an event that cannot be read: no row is as it. */
const digestOf = (message: StreamMessage): string | undefined => {
  try {
    return trailDigest(recordedEvent(storedEvent(message).event, message));
  } catch (error) {
    if (error instanceof UnreadableEvent) return undefined;
    throw error;
  }
};
