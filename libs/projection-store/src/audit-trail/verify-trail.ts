import { type AuditAnchor, type Instant, millisOf, type StreamSeq, streamSeq } from '@tallystream/contracts';
import type { Database } from '../database';
import { AUDIT_PROJECTION } from './audit-database';
import { type AuditRow, auditRow, columnNames, type RecordedEvent } from './audit-row';
import { chainHash, GENESIS } from './audit-store';
import { type StoredRow, storedRows } from './stored-rows';

/** What is wrong at a sequence, the gravest first. */
export const trailFaults = {
  lost: 'the stream has no event there any more',
  missing: 'the trail has no row for the event',
  unknown: 'the trail has a row that is no event of the stream',
  changed: 'the row is not as the event in the stream',
  unchained: 'the hash is not the link between the row before and this event',
  anchor: 'the chain is not the one that was anchored',
  hidden: 'searches by day, warehouse, reason, cause or actor pass over the row',
} as const;
export type TrailFault = keyof typeof trailFaults;

export type BrokenEvent = Readonly<{ seq: number; fault: TrailFault; detail: string }>;

export type Verification = Readonly<{
  ok: boolean;
  /** Events that were found right, before the first that was not. */
  checked: number;
  firstBroken: BrokenEvent | null;
  from: number;
  to: number;
  anchors: number;
}>;

export type VerifyParts = Readonly<{
  database: Database;
  /** From one sequence to another, in order; what the stream lacks is left out. */
  events: (from: StreamSeq, to: StreamSeq) => AsyncIterable<RecordedEvent>;
  anchors: readonly AuditAnchor[];
  from?: StreamSeq;
  /** Absent: everything that the trail says to have taken. */
  to?: StreamSeq;
  signal: AbortSignal;
}>;

/**
 * Compares the trail with the stream, event by event, and recomputes the chain. It holds no more than a page of
 * either, and reads so that the projection goes on meanwhile.
 * @throws the reason of `signal`; Problem `store_unavailable`
 */
export const verifyTrail = async (parts: VerifyParts): Promise<Verification> => {
  const { database, anchors, signal } = parts;
  const ends = await endsOf(database);
  const from = parts.from ?? streamSeq(1);
  const to = streamSeq(Math.min(parts.to ?? ends.checkpoint, ends.checkpoint));
  const isWhole = parts.to === undefined;
  const before = await hashBefore(database, from);
  const walk = new Walk(anchors, before ?? GENESIS);
  const rows = storedRows(database, { from, to, signal });
  const firstBroken =
    (before ? undefined : broken(from - 1, 'missing')) ??
    (await walkAlong(walk, parts.events(from, to), rows, { from, to })) ??
    (isWhole ? beyondTheEnd(ends, anchors) : undefined);
  const { checked, anchored } = walk;
  return { ok: !firstBroken, checked, firstBroken: firstBroken ?? null, from, to, anchors: anchored };
};

const walkAlong = async (
  walk: Walk,
  events: AsyncIterable<RecordedEvent>,
  rows: AsyncIterator<StoredRow>,
  { from, to }: Readonly<{ from: number; to: number }>,
): Promise<BrokenEvent | undefined> => {
  let expected = from;
  for await (const event of events) {
    if (event.seq !== expected) return broken(expected, 'lost');
    const { value: row } = await rows.next();
    if (!row || row.sequence > expected) return broken(expected, 'missing');
    if (row.sequence < expected) return broken(row.sequence, 'unknown');
    const fault = walk.step(event, row);
    if (fault) return fault;
    expected += 1;
  }
  if (expected <= to) return broken(expected, 'lost');
  const { value: more } = await rows.next();
  return more && broken(more.sequence, 'unknown');
};

/** Event and row side by side, from link to link. */
class Walk {
  checked = 0;
  anchored = 0;
  private readonly anchors: ReadonlyMap<number, string>;

  constructor(
    anchors: readonly AuditAnchor[],
    private previous: Buffer,
  ) {
    this.anchors = new Map(anchors.map(({ seq, hash }) => [seq, hash]));
  }

  step(event: RecordedEvent, row: StoredRow): BrokenEvent | undefined {
    const { seq } = event;
    const differing = differences(auditRow(event), row);
    if (differing.length > 0) return broken(seq, 'changed', differing.join(', '));
    this.previous = chainHash(this.previous, event);
    if (!this.previous.equals(row.hash)) return broken(seq, 'unchained');
    const anchor = this.anchors.get(seq);
    if (anchor !== undefined && anchor !== row.hash.toString('hex')) return broken(seq, 'anchor');
    if (!row.isFindable) return broken(seq, 'hidden');
    this.checked += 1;
    if (anchor !== undefined) this.anchored += 1;
    return undefined;
  }
}

const broken = (seq: number, fault: TrailFault, which?: string): BrokenEvent => ({
  seq,
  fault,
  detail: which ? `${trailFaults[fault]}: ${which}` : trailFaults[fault],
});

/** The columns in which a row is not what its event makes it. */
const differences = (expected: AuditRow, { columns }: StoredRow): readonly string[] => {
  const { occurred_at, recorded_at, ...rest } = expected;
  const written: Readonly<Record<keyof AuditRow, unknown>> = {
    ...rest,
    occurred_at: inMicroseconds(occurred_at),
    recorded_at: inMicroseconds(recorded_at),
  };
  const asText = (value: unknown) => (value === null ? null : String(value));
  return columnNames.filter((name) => columns[name] !== asText(written[name]));
};

/** As Postgres keeps them, a thousand times finer than we do: a change that small is one, too. */
const inMicroseconds = (instant: Instant): string =>
  `${new Date(millisOf(instant)).toISOString().slice(0, -1)}000Z`;

type Ends = Readonly<{ checkpoint: number; beyond: number | undefined }>;

/** Up to where the trail says to be, and the first row behind that, seen at one moment. */
const endsOf = async (database: Database): Promise<Ends> => {
  const [row] = await database.query<{ checkpoint: string; beyond: string | null }>(
    `SELECT c.sequence AS checkpoint, (SELECT min(sequence) FROM audit_events WHERE sequence > c.sequence) AS beyond
     FROM (SELECT coalesce(max(sequence), 0) AS sequence FROM projection_checkpoints WHERE projection = $1) c`,
    [AUDIT_PROJECTION],
  );
  return { checkpoint: Number(row?.checkpoint ?? 0), beyond: row?.beyond ? Number(row.beyond) : undefined };
};

const beyondTheEnd = (
  { checkpoint, beyond }: Ends,
  anchors: readonly AuditAnchor[],
): BrokenEvent | undefined => {
  const cutOff = anchors.find(({ seq }) => seq > checkpoint);
  if (cutOff) return broken(cutOff.seq, 'missing', `anchored at ${cutOff.time}, but the trail ends before`);
  return beyond === undefined ? undefined : broken(beyond, 'unknown');
};

/** The link that the first event is chained to. */
const hashBefore = async (database: Database, from: number): Promise<Buffer | undefined> => {
  if (from === 1) return GENESIS;
  const [row] = await database.query<{ hash: Buffer }>('SELECT hash FROM audit_events WHERE sequence = $1', [
    from - 1,
  ]);
  return row?.hash;
};
