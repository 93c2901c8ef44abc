import {
  type Cause,
  type DocumentApplied,
  type Instant,
  type ItemId,
  isNoChange,
  type LevelRef,
  QuantityOverflow,
  type RunId,
  type WarehouseId,
} from '@tallystream/contracts';
import type { DriftPolicy, Observation, Verdict } from '@tallystream/domain';
import type { DriftQuestion, Ledger } from '@tallystream/ledger';
import type { ZohoLevel } from '@tallystream/zoho';

/** What Zoho said of an item, now or once. */
export type SaidOfItem = Readonly<{
  asOf: Instant;
  itemId: ItemId;
  sku?: string;
  levels: readonly ZohoLevel[];
  /** By our clock, when Zoho was asked. */
  askedAt?: Instant;
  /** What is still on its way for it, in words. */
  inFlight?: string;
}>;

export type JudgeParts = Readonly<{
  ledger: Ledger;
  /** How drift is judged in a warehouse. */
  policyOf: (warehouseId: WarehouseId) => DriftPolicy;
}>;

/** In what circumstances it is judged. */
export type Circumstances = Readonly<{
  runId: RunId;
  cause: Cause;
  /** A sweep may confirm what is held for review. */
  bySweep: boolean;
  /** Items whose number only this look can tell: what it finds is no drift. */
  inDoubt: ReadonlySet<ItemId>;
  /** Documents that were fetched because of these items, once that was done, as `<type>:<id>`. */
  lookedUp?: readonly string[];
  /** Documents that were recorded since Zoho was asked. */
  documents?: readonly DocumentApplied[];
  /** Give verdicts, change nothing. */
  dryRun?: boolean;
}>;

export type ItemFailure = Readonly<{ itemId: ItemId; error: string }>;

export type Judged = Readonly<{
  /** Items that Zoho answered for. */
  items: readonly ItemId[];
  failures: readonly ItemFailure[];
  /** Items of which a level moved. */
  changedItems: readonly ItemId[];
  levels: number;
  levelsChanged: number;
  /** Levels of which Zoho's number is ours, and levels that differ with nothing in flight. */
  equal: number;
  different: number;
  /** Levels of which this answer says nothing: something is in flight, or a newer one was judged already. */
  undecided: number;
  /** Items to be looked at once more, as something is still on its way for them … */
  lookAgain: readonly ItemId[];
  /** … or as the number that they were set to is not certain. */
  inDoubt: readonly ItemId[];
  /** Levels that differ, with nothing in flight: documents that were missed may explain it. */
  unexplained: readonly LevelRef[];
  /** Levels that were set right, being small drifts, and levels that are held for review. */
  corrected: number;
  held: number;
  /** What was said of each level, in the order of the items. */
  verdicts: readonly JudgedLevel[];
}>;

/** Judges what Zoho said of items, and commits what the verdicts ask for. @throws NatsUnavailable */
export const judgeItems = async (
  parts: JudgeParts,
  said: readonly SaidOfItem[],
  circumstances: Circumstances,
): Promise<Judged> => summary(await Promise.all(said.map((item) => judgeItem(parts, item, circumstances))));

const summary = (judged: readonly JudgedItem[]): Judged => {
  const levels = judged.flatMap((item) => item.levels);
  const count = (...kinds: readonly Verdict['kind'][]) =>
    levels.filter(({ verdict }) => kinds.includes(verdict.kind)).length;
  const itemsWith = (fits: (verdict: Verdict) => boolean) =>
    judged.flatMap(({ itemId, levels }) => (levels.some(({ verdict }) => fits(verdict)) ? [itemId] : []));
  return {
    items: judged.map(({ itemId }) => itemId),
    failures: judged.flatMap(({ failure }) => failure ?? []),
    changedItems: itemsWith(isMove),
    levels: levels.length,
    levelsChanged: levels.filter(({ verdict }) => isMove(verdict)).length,
    equal: count('agree'),
    different: count('search', 'corrected', 'held'),
    undecided: count('look-again', 'outdated'),
    lookAgain: itemsWith(({ kind }) => kind === 'look-again'),
    inDoubt: itemsWith(({ kind, because }) => kind === 'set' && because !== undefined),
    unexplained: levels.flatMap(({ itemId, warehouseId, verdict: { kind } }) =>
      kind === 'search' ? [{ itemId, warehouseId }] : [],
    ),
    corrected: count('corrected'),
    held: count('held'),
    verdicts: levels,
  };
};

const isMove = ({ events }: Verdict): boolean =>
  events.some((event) => event.type === 'StockChanged' && !isNoChange(event.data.delta));

export type JudgedLevel = LevelRef & Readonly<{ verdict: Verdict }>;

type JudgedItem = Readonly<{
  itemId: ItemId;
  levels: readonly JudgedLevel[];
  failure?: ItemFailure;
}>;

const judgeItem = async (
  parts: JudgeParts,
  { asOf, askedAt, itemId, sku, levels, inFlight }: SaidOfItem,
  circumstances: Circumstances,
): Promise<JudgedItem> => {
  const unreadable = levels.filter(({ quantities }) => quantities === undefined);
  const observations = levels.flatMap(({ warehouseId, quantities }): readonly Observation[] =>
    quantities ? [{ itemId, warehouseId, asOf, quantities, ...(sku ? { sku } : {}) }] : [],
  );
  const judged = await Promise.all(
    observations.map((observation) =>
      judgeLevel(
        parts,
        { observation, ...(askedAt ? { askedAt } : {}), ...(inFlight ? { inFlight } : {}) },
        circumstances,
      ),
    ),
  );
  const errors = [
    ...unreadable.map(
      ({ warehouseId }) => `Zoho's numbers for warehouse ${warehouseId} are missing or unreadable`,
    ),
    ...judged.flatMap((one) => ('error' in one ? one.error : [])),
  ];
  return {
    itemId,
    levels: judged.flatMap((one) => ('error' in one ? [] : one)),
    ...(errors.length > 0 ? { failure: { itemId, error: errors.join('; ') } } : {}),
  };
};

const judgeLevel = async (
  { ledger, policyOf }: JudgeParts,
  said: Pick<DriftQuestion, 'observation' | 'askedAt' | 'inFlight'>,
  { runId, cause, bySweep, inDoubt, lookedUp, documents, dryRun = false }: Circumstances,
): Promise<JudgedLevel | Readonly<{ error: string }>> => {
  const { itemId, warehouseId } = said.observation;
  const question: DriftQuestion = {
    ...said,
    runId,
    bySweep,
    inDoubt: inDoubt.has(itemId),
    ...(lookedUp ? { lookedUp } : {}),
    ...(documents ? { documents } : {}),
  };
  try {
    const verdict = await ledger.judge(question, cause, policyOf(warehouseId), { dryRun });
    return { itemId, warehouseId, verdict };
  } catch (error) {
    if (!(error instanceof QuantityOverflow)) throw error;
    return { error: `${warehouseId}: ${error.message}` };
  }
};
