import { type ItemId, itemIdSchema, type Naming, type StreamSeq } from '@tallystream/contracts';
import {
  type JetStreamConnection,
  lastMessage,
  lastMessages,
  publishTogether,
  type StreamMessage,
} from '@tallystream/jetstream';
import { z } from 'zod';

export type ObservationRequest = Readonly<{
  /** What asks, for whoever reads the queue, e.g. `webhook:4711`. */
  because: string;
  /** How long to gather other requests first, in milliseconds; 0: at once. */
  delayMs: number;
  /**
   * Only an observation can tell what the number is: what it finds is no drift. Such a request waits beside
   * an ordinary one, which cannot take its place.
   */
  inDoubt: boolean;
  /**
   * Whether something happened to the item. What only differs, and waits for documents to be searched for
   * again, is not in flight: a sweep may judge it meanwhile.
   */
  isNews?: boolean;
  /** Somebody waits for the answer: it is looked at alone, and does not wait for others. */
  atOnce?: boolean;
}>;

/** A request as it lies in the queue. */
export type QueuedRequest = Readonly<{
  itemId: ItemId;
  /** In milliseconds since 1970. */
  dueAt: number;
  inDoubt: boolean;
  isNews: boolean;
  atOnce: boolean;
  seq: StreamSeq;
}>;

const DUE_AT = 'Tally-Due-At';
const NO_NEWS = 'Tally-No-News';
const AT_ONCE = 'Tally-At-Once';

/**
 * Asks for items to be looked at in Zoho: a queue with at most one waiting request per item.
 * @throws NatsUnavailable
 */
export const requestObservations = async (
  connection: JetStreamConnection,
  naming: Naming,
  items: readonly ItemId[],
  { because, delayMs, inDoubt, isNews = true, atOnce = false }: ObservationRequest,
): Promise<void> => {
  const now = Date.now();
  const headers = {
    'Tally-Because': because,
    'Tally-Requested-At': new Date(now).toISOString(),
    ...(isNews ? {} : { [NO_NEWS]: 'true' }),
    ...(atOnce ? { [AT_ONCE]: 'true' } : {}),
    [DUE_AT]: new Date(now + delayMs).toISOString(),
  };
  const messages = items.map((itemId) => ({
    subject: inDoubt ? naming.observeDoubtSubject(itemId) : naming.observeSubject(itemId),
    headers,
    data: Buffer.from(JSON.stringify({ itemId })),
  }));
  await publishTogether(connection, naming.stream('ZOHO_OBSERVE'), messages);
};

/** Reads back what was asked for; nothing when the message is no request. */
export const queuedRequest = (naming: Naming, message: StreamMessage): QueuedRequest | undefined => {
  const body = bodySchema.safeParse(parsed(message.data));
  if (!body.success) return undefined;
  const { itemId } = body.data;
  const due = Date.parse(message.header(DUE_AT) ?? '');
  return {
    itemId,
    // What does not say when means at once.
    dueAt: Number.isNaN(due) ? 0 : due,
    isNews: message.header(NO_NEWS) === undefined,
    atOnce: message.header(AT_ONCE) !== undefined,
    inDoubt: message.subject === naming.observeDoubtSubject(itemId),
    seq: message.seq,
  };
};

/** Whether a request for an item waits, or is being served. @throws NatsUnavailable */
export const isObservationWaiting = async (
  connection: JetStreamConnection,
  naming: Naming,
  itemId: ItemId,
): Promise<boolean> =>
  (await lastMessage(connection, naming.stream('ZOHO_OBSERVE'), naming.observeSubject(itemId))) !== undefined;

/** The requests that wait for some items, by item. @throws NatsUnavailable */
export const openRequests = async (
  connection: JetStreamConnection,
  naming: Naming,
  items: readonly ItemId[],
): Promise<ReadonlyMap<ItemId, readonly QueuedRequest[]>> => {
  const subjects = items.flatMap((itemId) => [
    naming.observeSubject(itemId),
    naming.observeDoubtSubject(itemId),
  ]);
  const waiting = new Map<ItemId, QueuedRequest[]>();
  for (const message of await lastMessages(connection, naming.stream('ZOHO_OBSERVE'), subjects)) {
    const request = queuedRequest(naming, message);
    if (request) waiting.set(request.itemId, [...(waiting.get(request.itemId) ?? []), request]);
  }
  return waiting;
};

const bodySchema = z.object({ itemId: itemIdSchema });

const parsed = (data: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(data).toString());
  } catch {
    return undefined;
  }
};
