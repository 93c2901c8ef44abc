import type { Wish } from './follower';

/** What one subscription is to: everything, an item in all warehouses, or all items of a warehouse. */
export type Topic = 'inventory' | `product:${string}` | `warehouse:${string}`;

/**
 * The subscriptions of a client. Each has its own position, and gets all of its changes after that, in order; a change
 * that belongs to several comes once, if they are at the same position.
 */
export type Subscriptions = Wish &
  Readonly<{
    topics: ReadonlySet<Topic>;
    /** Topics that already had what lies between `position` and this. */
    ahead: ReadonlyMap<Topic, number>;
  }>;

export const positionOf = ({ ahead, position }: Subscriptions, topic: Topic): number =>
  ahead.get(topic) ?? position;

/** With these topics, from that position on; one that was there already begins there again. */
export const subscribed = (current: Subscriptions, added: readonly Topic[], after: number): Subscriptions => {
  const positions = positionsOf(current);
  for (const topic of added) positions.set(topic, after);
  return fromPositions(positions);
};

export const unsubscribed = (current: Subscriptions, removed: readonly Topic[]): Subscriptions => {
  const positions = positionsOf(current);
  for (const topic of removed) positions.delete(topic);
  return fromPositions(positions);
};

/** When everything up to a position was given. */
export const moved = ({ topics, ahead }: Subscriptions, position: number): Subscriptions =>
  subscriptions(
    topics,
    position,
    ahead.size === 0 ? ahead : new Map([...ahead].filter(([, given]) => given > position)),
  );

const positionsOf = (current: Subscriptions): Map<Topic, number> =>
  new Map([...current.topics].map((topic) => [topic, positionOf(current, topic)]));

const fromPositions = (positions: ReadonlyMap<Topic, number>): Subscriptions => {
  const first = positions.size === 0 ? 0 : Math.min(...positions.values());
  const ahead = [...positions].filter(([, position]) => position > first);
  return subscriptions(new Set(positions.keys()), first, new Map(ahead));
};

const subscriptions = (
  topics: Subscriptions['topics'],
  position: number,
  ahead: Subscriptions['ahead'],
): Subscriptions => {
  const isDue = (topic: Topic, seq: number) => topics.has(topic) && (ahead.get(topic) ?? position) < seq;
  return {
    topics,
    position,
    ahead,
    wants: ({ itemId, warehouseId, seq }) =>
      isDue('inventory', seq) || isDue(`product:${itemId}`, seq) || isDue(`warehouse:${warehouseId}`, seq),
  };
};

export const noSubscriptions = fromPositions(new Map());
