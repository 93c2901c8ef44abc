import {
  type DocumentApplied,
  encodeEvent,
  instantFrom,
  namingFor,
  runIdSchema,
  type StockChanged,
  type StockEvent,
  streamSeq,
} from '@tallystream/contracts';
import { decideDocument, type StockDocument } from '@tallystream/domain';
import type { StreamMessage } from '@tallystream/jetstream';
import { subjectOf } from '../subject-of';
import { Verification } from './verification';

const naming = namingFor('blue');
const at = instantFrom(Date.UTC(2026, 0, 7));

const invoice = {
  id: '1',
  type: 'invoice',
  status: 'sent',
  deleted: false,
  createdAt: at,
  modifiedAt: at,
  lines: [{ itemId: 'pen', warehouseId: 'main', quantity: 3 }],
} as unknown as StockDocument;

/** A record and the level that it moved. */
const events = decideDocument(
  undefined,
  () => undefined,
  { document: invoice, cause: { kind: 'webhook', id: '1', actor: 'zoho' } },
  { trustMarginMs: 2_000 },
).events;

const message = (event: StockEvent, seq: number, change: Partial<Raw> = {}): StreamMessage => {
  const encoded = encodeEvent(event, { id: `e-${seq}`, time: at });
  const raw: Raw = {
    subject: subjectOf(event, naming),
    headers: encoded.headers,
    data: encoded.data,
    ...change,
  };
  return {
    seq: streamSeq(seq),
    subject: raw.subject,
    header: (name) => raw.headers[name],
    headers: () => raw.headers,
    data: raw.data,
    storedAt: at,
  };
};
type Raw = Readonly<{ subject: string; headers: Readonly<Record<string, string>>; data: Uint8Array }>;

const verified = (messages: readonly StreamMessage[]) => {
  const found: string[] = [];
  const verification = new Verification(naming, ({ check, seq, what }) =>
    found.push(`${check} ${seq}: ${what}`),
  );
  const read = messages.map((one) => verification.take(one)?.type);
  verification.finish();
  return { found, read, verification };
};
const json = (data: unknown): Uint8Array => Buffer.from(JSON.stringify(data));
const [record, moved] = events as [
  Extract<StockEvent, { type: 'DocumentApplied' }>,
  Extract<StockEvent, { type: 'StockChanged' }>,
];

describe('verifying the messages of a ledger', () => {
  it('finds nothing where all is well, and says how far it came', () => {
    const run: StockEvent = {
      type: 'SyncStarted',
      data: { runId: runIdSchema.parse('r'), kind: 'full', cause: record.data.cause, occurredAt: at },
    };
    const { found, read, verification } = verified([message(record, 1), message(moved, 2), message(run, 3)]);
    expect(found).toEqual([]);
    expect(read).toEqual(['DocumentApplied', 'StockChanged', 'SyncStarted']);
    expect([verification.position, verification.levelPosition]).toEqual([3, 2]);
    expect(verification.checked).toEqual({ events: 3, levels: 1, documents: 1, effects: 1, transfers: 0 });
  });

  it.each<[string, readonly StreamMessage[], readonly string[]]>([
    ['the first event', [message(record, 2), message(moved, 3)], ['events 2: event 1 is missing']],
    ['some of them', [message(record, 1), message(moved, 9)], ['events 9: events 2 to 8 are missing']],
  ])('finds %s missing', (_what, messages, found) => {
    expect(verified(messages).found).toEqual(found);
  });

  const typed = (ceType: string) => ({ headers: { 'ce-type': ceType } });
  it.each<[string, Partial<Raw>, RegExp]>([
    ['is no JSON', { data: Buffer.from('{"itemId"') }, /^events 2: it cannot be read: data does not fit/],
    ['is nothing', { data: Buffer.alloc(0) }, /^events 2: it cannot be read: data does not fit/],
    ['is a list', { data: json([moved.data]) }, /^events 2: it cannot be read/],
    ['is null', { data: json(null) }, /^events 2: it cannot be read/],
    ['has no type', { headers: {} }, /^events 2: it cannot be read: event type "" is not known/],
    ['is of a type that nobody knows', typed('com.example.v1'), /event type "com.example.v1" is not known/],
    ['is newer than we are', typed('com.tallystream.stock.changed.v9'), /is newer than this reader/],
    ['lacks its quantities', { data: json({ ...moved.data, after: {} }) }, /^events 2: it cannot be read/],
    ['has text for a number', { data: json({ ...moved.data, delta: { onHand: '3' } }) }, /cannot be read/],
    ['has no revision', { data: json({ ...moved.data, revision: null }) }, /^events 2: it cannot be read/],
    [
      'lies under the subject of another level',
      { subject: 'blue.stock.changed.main.ink' },
      /^events 2: it lies under blue\.stock\.changed\.main\.ink, where it does not belong/,
    ],
    ['lies under the subject of a document', { subject: 'blue.stock.document.invoice.1' }, /does not belong/],
  ])('finds an event that %s', (_what, change, found) => {
    expect(verified([message(record, 1), message(moved, 2, change)]).found[0]).toMatch(found);
  });

  it.each<[string, Partial<DocumentApplied>]>([
    ['no lines', { lines: undefined as never }],
    ['a line without a level', { lines: [{ ...record.data.lines[0], itemId: 7 as never } as never] }],
    ['no document', { document: undefined as never }],
  ])('finds a record with %s', (_what, change) => {
    const data = json({ ...record.data, ...change });
    expect(verified([message(record, 1, { data })]).found[0]).toMatch(/^events 1: it cannot be read/);
  });

  it('finds broken invariants with the sequence of the stream', () => {
    const data = json({ ...moved.data, after: { ...moved.data.after, onHand: 1 } } satisfies StockChanged);
    const { found } = verified([message(record, 1), message(moved, 2, { data })]);
    expect(found).toEqual(['levels 2: onHand is 1 after 0 and a delta of -3, in revision 1']);
  });
});
