import {
  type Instant,
  type ItemId,
  instantFrom,
  instantSchema,
  type Naming,
  type RunId,
} from '@tallystream/contracts';
import { type JetStreamConnection, lastMessages, publish, type StreamMessage } from '@tallystream/jetstream';
import { storedItem, type ZohoItem } from '@tallystream/zoho';
import type { SaidOfItem } from './judge-items';

type Where = Readonly<{ connection: JetStreamConnection; naming: Naming }>;

export type Answer = Readonly<{
  /** By Zoho's clock. */
  asOf: Instant;
  /** By our clock, when Zoho was asked. */
  askedAt: Instant;
  item: ZohoItem;
}>;

/** Zoho's time of a snapshot … */
const AS_OF = 'Tally-As-Of';
/** … and ours. */
const ASKED_AT = 'Tally-Asked-At';

/** Keeps verbatim what Zoho said of items. @throws NatsUnavailable */
export const storeSnapshots = async (
  { connection, naming }: Where,
  runId: RunId,
  answers: readonly Answer[],
): Promise<void> => {
  await Promise.all(
    answers.map(({ asOf, askedAt, item: { itemId, raw } }) =>
      publish(connection, {
        subject: naming.snapshotSubject(runId, itemId),
        headers: { 'content-type': 'application/json', [AS_OF]: asOf, [ASKED_AT]: askedAt },
        data: Buffer.from(raw),
      }),
    ),
  );
};

/** What Zoho said of items in a run; those of which it kept nothing are left out. @throws NatsUnavailable */
export const snapshotsOf = async (
  { connection, naming }: Where,
  runId: RunId,
  items: readonly ItemId[],
): Promise<readonly SaidOfItem[]> => {
  const subjects = items.map((itemId) => naming.snapshotSubject(runId, itemId));
  return (await lastMessages(connection, naming.stream('ZOHO_SNAPSHOTS'), subjects)).map(saidIn);
};

/** Reads a snapshot back. */
export const saidIn = (message: StreamMessage): SaidOfItem => {
  const askedAt = Date.parse(message.header(ASKED_AT) ?? '');
  return {
    ...storedItem(message.data),
    asOf: instantSchema.parse(message.header(AS_OF)),
    ...(Number.isNaN(askedAt) ? {} : { askedAt: instantFrom(askedAt) }),
  };
};
