import { type Cause, type Instant, type ItemId, instantFrom, quantityNames } from '@tallystream/contracts';
import type { StoredLevel } from '@tallystream/ledger';
import type { CallOptions, ZohoItemDetails } from '@tallystream/zoho';
import { catalogueRows, catalogueWarehouses } from '../observations/catalogue-items';
import { type Observed, type ObserverParts, observeItems } from '../observations/observe-items';
import { addStats, type Run, type RunStats } from './run';

export type SweepParts = ObserverParts &
  Readonly<{
    call: CallOptions;
    /** Told which items a document changed around the time of the answer. */
    lookAgain: (items: readonly ItemId[], runId: string) => Promise<void>;
  }>;

const PER_PAGE = 200;
const SHOWN_FAILURES = 20;

/**
 * The states that a run goes through, each to be kept before the next is asked for: begun again with the
 * last one kept, it repeats at most the page that was in hand. Page by page: memory does not grow with Zoho's
 * list, and what was read is in the ledger at once.
 * @throws ZohoError, NatsUnavailable
 */
export async function* sweep(parts: SweepParts, begun: Run): AsyncGenerator<Run> {
  let run = begun;
  if (run.parameters.itemIds) {
    yield* sweepItems(parts, run, run.parameters.itemIds);
    return;
  }
  if (run.phase !== 'items') {
    const warehouses = await parts.zoho.warehouses(parts.call);
    const at = instantFrom(parts.now());
    const changed = await catalogueWarehouses(parts.catalogue, warehouses, at, causeOf(run));
    run = { ...run, phase: 'items', stats: addStats(run.stats, { catalogueChanged: changed }) };
    yield run;
  }
  for (let hasMore = true; hasMore; ) {
    const { activeOnly, modifiedSince } = run.parameters;
    const page = await parts.zoho.listItems(
      { page: run.nextPage, perPage: PER_PAGE, activeOnly, ...(modifiedSince ? { modifiedSince } : {}) },
      parts.call,
    );
    hasMore = page.hasMore;
    run = { ...(await sweepPage(parts, run, page.items, page.asOf)), nextPage: run.nextPage + 1 };
    yield run;
  }
}

/** Items that were named: they need not be on any list. */
async function* sweepItems(parts: SweepParts, run: Run, ids: readonly ItemId[]): AsyncGenerator<Run> {
  for (let from = (run.nextPage - 1) * PER_PAGE; from < ids.length; from += PER_PAGE) {
    const page = ids.slice(from, from + PER_PAGE);
    const observed = await observe(parts, run, page);
    run = {
      ...withObserved(run, observed, { processed: page.length, skipped: 0 }),
      nextPage: run.nextPage + 1,
    };
    yield run;
  }
}

const sweepPage = async (
  parts: SweepParts,
  run: Run,
  rows: readonly ZohoItemDetails[],
  asOf: Instant,
): Promise<Run> => {
  const tracked = run.parameters.withLevels ? rows.filter(({ tracksStock }) => tracksStock) : [];
  const chosen = run.parameters.withStockOnly ? await withStock(parts, tracked) : tracked;
  const ids = new Set(chosen.map(({ itemId }) => itemId));
  // The details of the chosen ones say more than their rows.
  const others = rows.filter(({ itemId }) => !ids.has(itemId));
  const catalogueChanged = await catalogueRows(parts.catalogue, others, asOf, causeOf(run));
  const observed = await observe(parts, run, [...ids]);
  const skipped = run.parameters.withLevels ? others.length : 0;
  const processed = withObserved(run, observed, { processed: rows.length, skipped, catalogueChanged });
  if (run.parameters.withLevels) return processed;
  return { ...processed, stats: addStats(processed.stats, { successful: rows.length }) };
};

/** Items with stock in all of Zoho's warehouses together, or in any of ours: what was sold out must become 0. */
const withStock = async (
  { ledger }: SweepParts,
  rows: readonly ZohoItemDetails[],
): Promise<readonly ZohoItemDetails[]> => {
  const empty = rows.filter(({ totalOnHand }) => totalOnHand === 0);
  const levels = await ledger.levelsOfItems(empty.map(({ itemId }) => itemId));
  const settled = new Set(
    empty.flatMap(({ itemId }) => {
      const known = levels.get(itemId) ?? [];
      return known.length > 0 && known.every(isSettledAtZero) ? [itemId] : [];
    }),
  );
  return rows.filter(({ itemId }) => !settled.has(itemId));
};

const isSettledAtZero = ({ level }: StoredLevel): boolean =>
  !level.provisional && quantityNames.every((name) => level.quantities[name] === 0);

const observe = async (parts: SweepParts, run: Run, ids: readonly ItemId[]): Promise<Observed> => {
  const { runId, parameters } = run;
  const purpose = { runId, cause: causeOf(run), batchSize: parameters.batchSize, call: parts.call };
  const observed = await observeItems(parts, ids, purpose);
  await parts.lookAgain(observed.lookAgain, runId);
  return observed;
};

const withObserved = (run: Run, observed: Observed, more: Partial<RunStats>): Run => ({
  ...run,
  stats: addStats(run.stats, {
    ...more,
    successful: observed.items.length - observed.failures.length,
    failed: observed.failures.length,
    // Deleted between the list and the look: nothing went wrong.
    skipped: (more.skipped ?? 0) + observed.gone.length,
    stockUpdated: observed.changedItems.length,
    levels: observed.levels,
    levelsChanged: observed.levelsChanged,
    catalogueChanged: (more.catalogueChanged ?? 0) + observed.catalogueChanged,
  }),
  failures: [...run.failures, ...observed.failures].slice(0, SHOWN_FAILURES),
});

const causeOf = ({ runId }: Run): Cause => ({ kind: 'sync', id: runId, actor: 'reconciler' });
