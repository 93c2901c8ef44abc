import {
  type Cause,
  type Instant,
  type ItemId,
  instantFrom,
  quantityNames,
  type RunId,
} from '@tallystream/contracts';
import type { StoredLevel } from '@tallystream/ledger';
import type { CallOptions, ZohoItemDetails } from '@tallystream/zoho';
import { catalogueRows, catalogueWarehouses } from '../observations/catalogue-items';
import type { Judged } from '../observations/judge-items';
import { judgeAgain, type Observed, type ObserverParts, observeItems } from '../observations/observe-items';
import { replay } from './replay';
import { addStats, type Run, type RunStats } from './run';

export type SweepParts = ObserverParts &
  Readonly<{
    call: CallOptions;
    /** Asks for another look at what could not be told. */
    lookAgain: (judged: Judged, runId: RunId) => Promise<void>;
    /**
     * Fetches documents that were missed; resolves when they have been handled. Nothing when more are left than
     * one run may fetch: the next goes on there, and judges.
     */
    explain: (runId: RunId) => Promise<readonly string[] | undefined>;
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
  const { itemIds, replayOf } = run.parameters;
  if (replayOf) {
    yield* replay(parts, run, replayOf);
    return;
  }
  for await (run of itemIds ? sweepItems(parts, run, itemIds) : sweepList(parts, run)) yield run;
  yield* explain(parts, run);
}

async function* sweepList(parts: SweepParts, begun: Run): AsyncGenerator<Run> {
  let run = begun;
  if (run.phase === 'drift') return;
  if (run.phase !== 'items') {
    const changed = await sweepWarehouses(parts, run);
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
    run = {
      ...(await sweepPage(parts, run, page.items, page.asOf)),
      nextPage: run.nextPage + 1,
      phase: hasMore ? 'items' : 'drift',
    };
    yield run;
  }
}

/** Items that were named: they need not be on any list. */
async function* sweepItems(parts: SweepParts, begun: Run, ids: readonly ItemId[]): AsyncGenerator<Run> {
  let run = begun;
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

/** What differs is judged once more, when the documents that we missed are in the ledger. */
async function* explain(parts: SweepParts, begun: Run): AsyncGenerator<Run> {
  if (begun.unexplained.length === 0) return;
  const lookedUp = await parts.explain(begun.runId);
  if (!lookedUp) {
    const undecided = begun.unexplained.length;
    yield { ...begun, phase: 'drift', unexplained: [], stats: addStats(begun.stats, { undecided }) };
    return;
  }
  // A run that was cut off here has found some of them before.
  let run: Run = { ...begun, phase: 'drift', lookedUp: [...new Set([...begun.lookedUp, ...lookedUp])] };
  yield run;
  while (run.unexplained.length > 0) {
    const page = run.unexplained.slice(0, PER_PAGE);
    const judged = await judgeAgain(parts, page, { ...purposeOf(run), lookedUp: run.lookedUp });
    await parts.lookAgain(judged, run.runId);
    const { equal, corrected, held, undecided } = judged;
    run = {
      ...run,
      unexplained: run.unexplained.slice(page.length),
      driftFound: run.driftFound + corrected + held,
      stats: addStats(run.stats, {
        stockUpdated: judged.changedItems.length,
        levelsChanged: judged.levelsChanged,
        explained: equal,
        undecided,
        corrected,
        held,
      }),
    };
    yield run;
  }
}

const sweepWarehouses = async (parts: SweepParts, run: Run): Promise<number> => {
  const warehouses = await parts.zoho.warehouses(parts.call);
  if (run.parameters.dryRun) return 0;
  return catalogueWarehouses(parts.catalogue, warehouses, instantFrom(parts.now()), causeOf(run));
};

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
  const catalogueChanged = run.parameters.dryRun
    ? 0
    : await catalogueRows(parts.catalogue, others, asOf, causeOf(run));
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
  const observed = await observeItems(parts, ids, {
    ...purposeOf(run),
    batchSize: parameters.batchSize,
    call: parts.call,
    // To look for documents would be to fetch them: a dry run says what comes of it when there are none.
    ...(parameters.dryRun ? { dryRun: true, lookedUp: [] } : {}),
  });
  if (!parameters.dryRun) await parts.lookAgain(observed, runId);
  return observed;
};

const purposeOf = (run: Run) => ({
  runId: run.runId,
  cause: causeOf(run),
  bySweep: true,
  inDoubt: new Set<ItemId>(),
  inHand: new Set<number>(),
});

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
    equal: observed.equal,
    different: observed.different,
    undecided: observed.undecided,
    corrected: observed.corrected,
    held: observed.held,
    catalogueChanged: (more.catalogueChanged ?? 0) + observed.catalogueChanged,
  }),
  unexplained: [...run.unexplained, ...observed.unexplained],
  driftFound: run.driftFound + observed.corrected + observed.held,
  failures: [...run.failures, ...observed.failures].slice(0, SHOWN_FAILURES),
});

const causeOf = ({ runId }: Run): Cause => ({ kind: 'sync', id: runId, actor: 'reconciler' });
