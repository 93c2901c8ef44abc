import { type Instant, type ItemId, instantSchema, type Naming, type RunId } from '@tallystream/contracts';
import {
  type JetStreamConnection,
  lastMessages,
  messagesAfter,
  publish,
  type StreamMessage,
} from '@tallystream/jetstream';
import { storedItem } from '@tallystream/zoho';
import type { SaidOfItem } from './judge-items';

type Where = Readonly<{ connection: JetStreamConnection; naming: Naming }>;

export type Snapshot = Readonly<{
  runId: RunId;
  itemId: ItemId;
  asOf: Instant;
  askedAt: Instant;
  /** The item, verbatim. */
  raw: string;
}>;

const AS_OF = 'Tally-As-Of';
const ASKED_AT = 'Tally-Asked-At';

/** Keeps what Zoho said of an item: the evidence of whatever comes of it. @throws NatsUnavailable */
export const storeSnapshot = async (
  { connection, naming }: Where,
  { runId, itemId, asOf, askedAt, raw }: Snapshot,
): Promise<void> => {
  await publish(connection, {
    subject: naming.snapshotSubject(runId, itemId),
    headers: { 'content-type': 'application/json', [AS_OF]: asOf, [ASKED_AT]: askedAt },
    data: Buffer.from(raw),
  });
};

/** What Zoho said last of some items in a run; items of which nothing is kept are left out. @throws NatsUnavailable */
export const snapshotsOf = async (
  { connection, naming }: Where,
  runId: RunId,
  items: readonly ItemId[],
): Promise<readonly SaidOfItem[]> => {
  const subjects = items.map((itemId) => naming.snapshotSubject(runId, itemId));
  const messages = await lastMessages(connection, naming.stream('ZOHO_SNAPSHOTS'), subjects);
  return messages.map(saidIn);
};

/** The next snapshots of a run, in the order in which they were kept. @throws NatsUnavailable */
export const snapshotsAfter = async (
  { connection, naming }: Where,
  runId: RunId,
  { after, max }: Readonly<{ after: number; max: number }>,
): Promise<readonly Readonly<{ said: SaidOfItem; seq: number }>[]> => {
  const subject = naming.subject(`zoho.snapshot.${runId}.*`);
  const messages = await messagesAfter(connection, naming.stream('ZOHO_SNAPSHOTS'), subject, { after, max });
  return messages.map((message) => ({ said: saidIn(message), seq: message.seq }));
};

const saidIn = (message: StreamMessage): SaidOfItem => {
  const askedAt = message.header(ASKED_AT);
  return {
    ...storedItem(message.data),
    asOf: instantSchema.parse(message.header(AS_OF)),
    ...(askedAt ? { askedAt: instantSchema.parse(askedAt) } : {}),
  };
};
