import { itemIdSchema, type StreamSeq, streamSeqSchema, warehouseIdSchema } from '@tallystream/contracts';
import { z } from 'zod';
import { MAX_IDS } from './live-updates.dto';
import type { Topic } from './subscriptions';

/** An id or several: what is asked for at once has one position. */
const oneOrSeveral = <Id extends string>(id: z.ZodType<Id, string>) =>
  z.union([id.transform((one) => [one]), z.array(id).min(1).max(MAX_IDS)], {
    error: `must be an id, or a list of 1 to ${MAX_IDS} ids`,
  });

const productId = oneOrSeveral(itemIdSchema).transform((ids) => ids.map((id): Topic => `product:${id}`));
const warehouseId = oneOrSeveral(warehouseIdSchema).transform((ids) =>
  ids.map((id): Topic => `warehouse:${id}`),
);
const channel = z
  .literal('inventory', { error: 'must be "inventory"' })
  .transform((name): readonly Topic[] => [name]);
const events = z.array(z.literal('update')).length(1, 'must be ["update"]').optional();
const since = streamSeqSchema.optional();

/** What a client asks for: these topics, from a position on (absent: from now on), or no longer. */
const request = (kind: 'subscribe' | 'unsubscribe', topics: readonly Topic[], after?: StreamSeq) => ({
  kind,
  topics,
  after,
});
export type SocketRequest = ReturnType<typeof request>;

/** The events that clients send, and what has to come with them. */
export const socketRequests = new Map<string, z.ZodType<SocketRequest>>([
  [
    'subscribe',
    z
      .strictObject({ channel, events, since })
      .transform((asked) => request('subscribe', asked.channel, asked.since)),
  ],
  [
    'subscribe:product',
    z
      .strictObject({ productId, since })
      .transform((asked) => request('subscribe', asked.productId, asked.since)),
  ],
  [
    'subscribe:warehouse',
    z
      .strictObject({ warehouseId, since })
      .transform((asked) => request('subscribe', asked.warehouseId, asked.since)),
  ],
  ['unsubscribe', z.strictObject({ channel }).transform((asked) => request('unsubscribe', asked.channel))],
  [
    'unsubscribe:product',
    z.strictObject({ productId }).transform((asked) => request('unsubscribe', asked.productId)),
  ],
  [
    'unsubscribe:warehouse',
    z.strictObject({ warehouseId }).transform((asked) => request('unsubscribe', asked.warehouseId)),
  ],
]);
