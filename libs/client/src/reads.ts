import {
  itemIdSchema,
  MAX_BULK_ITEMS,
  type StockAnswer,
  stockAnswerSchema,
  stockAnswersSchema,
} from '@tallystream/contracts';
import { ReadFailed } from './read-failed';
import type { StockApi } from './stock-api';

export type BulkOptions = Readonly<{
  /** Which warehouse's stock; absent: the sales warehouse's. */
  warehouse?: string;
  /**
   * Which place in your program asks, e.g. `product-detail` or `cart`: it goes along in `User-Agent`, so that the
   * logs of proxies tell who asks how much. Not part of the answer.
   */
  context?: string;
  /**
   * Wait, for 5 s at most, until the number holds everything up to this position of the stream: the `seq` of a
   * `StockChange`, say. Later is `wait_timeout`.
   */
  waitForSeq?: number;
  /** For the whole, with repetitions; absent: as the client was told. In milliseconds. */
  timeoutMs?: number;
  /** Ends the waiting; the read rejects with its reason. */
  signal?: AbortSignal;
}>;

export type ReadOptions = BulkOptions &
  Readonly<{
    /** Ask Zoho for what nobody knows yet. It costs one of Zoho's calls, and a second or so. */
    fetchOnMiss?: boolean;
  }>;

export type StockReads = Readonly<{
  /**
   * How many of an item can be sold. `stock` is available for sale in units of the item, and null when nobody knows:
   * show `message` then, never 0. `source` says where the number is from; `quantities`, `revision` and `asOf` are
   * absent when it is `unavailable`. An unknown item is `unavailable`, not an error.
   * @throws ReadFailed
   */
  getUnifiedStock: (itemId: string, options?: ReadOptions) => Promise<StockAnswer>;
  /**
   * The same for many items: every one that was asked for has its answer, each the very number that the single read
   * gives. More than 5,000 items go in several requests; then all of them answer, or none.
   * @throws ReadFailed
   */
  getUnifiedStockBulk: (
    itemIds: readonly string[],
    options?: BulkOptions,
  ) => Promise<ReadonlyMap<string, StockAnswer>>;
}>;

export const stockReads = (api: StockApi): StockReads => ({
  getUnifiedStock: async (itemId, options = {}) => {
    refuseBadIds([itemId], () => 'itemId');
    return api.ask({
      path: `stock/${itemId}`,
      query: { ...queryOf(options), fetchOnMiss: options.fetchOnMiss ? 'true' : undefined },
      schema: stockAnswerSchema,
      ...waitingOf(options),
    });
  },
  getUnifiedStockBulk: async (itemIds, options = {}) => {
    refuseBadIds(itemIds, (index) => `itemIds.${index}`);
    const wanted = [...new Set(itemIds)];
    const parts: string[][] = [];
    for (let from = 0; from < wanted.length; from += MAX_BULK_ITEMS)
      parts.push(wanted.slice(from, from + MAX_BULK_ITEMS));
    const answers = await Promise.all(
      parts.map((part) =>
        api.ask({
          path: 'stock/bulk',
          query: queryOf(options),
          body: { itemIds: part },
          schema: stockAnswersSchema,
          ...waitingOf(options),
        }),
      ),
    );
    const found = new Map(answers.flatMap(({ items }) => Object.entries(items)));
    return new Map(wanted.map((itemId) => [itemId, found.get(itemId) ?? missing(itemId)]));
  },
});

const queryOf = ({ warehouse, waitForSeq }: BulkOptions) => ({
  warehouse,
  waitForSeq: waitForSeq?.toString(),
});

const waitingOf = ({ context, timeoutMs, signal }: BulkOptions) => ({ context, timeoutMs, signal });

/** What cannot be an id is not sent: in a path it could name another resource. */
const refuseBadIds = (ids: readonly string[], pathOf: (index: number) => string): void => {
  const errors = ids.flatMap((id, index) => {
    const { error } = itemIdSchema.safeParse(id);
    return error ? [{ path: pathOf(index), message: error.issues[0]?.message ?? 'is not an id' }] : [];
  });
  if (errors.length === 0) return;
  const detail = errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
  throw new ReadFailed('invalid_request', detail, { errors });
};

const missing = (itemId: string): never => {
  throw new ReadFailed('unreadable_answer', `the answer leaves out ${itemId}`);
};
