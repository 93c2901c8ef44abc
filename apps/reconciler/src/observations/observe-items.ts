import type { Catalogue } from '@tallystream/catalogue';
import {
  type Cause,
  type Instant,
  type ItemId,
  instantFrom,
  isNoChange,
  millisOf,
  type Naming,
  QuantityOverflow,
  type RunId,
  type WarehouseId,
} from '@tallystream/contracts';
import type { DriftPolicy, Observation, Verdict } from '@tallystream/domain';
import { type JetStreamConnection, publish } from '@tallystream/jetstream';
import type { DriftQuestion, Ledger } from '@tallystream/ledger';
import { type CallOptions, readItems, type ZohoClient, type ZohoItem } from '@tallystream/zoho';
import { catalogueGone, catalogueItems } from './catalogue-items';
import { inFlight } from './in-flight';

export type ObserverParts = Readonly<{
  connection: JetStreamConnection;
  naming: Naming;
  ledger: Ledger;
  catalogue: Catalogue;
  zoho: ZohoClient;
  /** How drift is judged in a warehouse. */
  policyOf: (warehouseId: WarehouseId) => DriftPolicy;
  now: () => number;
}>;

/** Why items are looked at: it names their snapshots and what the ledger notes as cause. */
export type Purpose = Readonly<{
  runId: RunId;
  cause: Cause;
  batchSize: number;
  call: CallOptions;
  /** A sweep may confirm what is held for review. */
  bySweep: boolean;
  /** Items whose number only this look can tell: what it finds is no drift. */
  inDoubt: ReadonlySet<ItemId>;
  /** Sequences of the requests that are answered by this look. */
  inHand: ReadonlySet<number>;
  /** Documents that were fetched because of these items, once that was done, as `<type>:<id>`. */
  lookedUp?: readonly string[];
  /** Give verdicts, change nothing. */
  dryRun?: boolean;
}>;

export type ItemFailure = Readonly<{ itemId: ItemId; error: string }>;

export type Observed = Readonly<{
  /** Items that Zoho answered for. */
  items: readonly ItemId[];
  /** Items that Zoho does not have any more. */
  gone: readonly ItemId[];
  failures: readonly ItemFailure[];
  /** Items of which a level moved. */
  changedItems: readonly ItemId[];
  levels: number;
  levelsChanged: number;
  /** Levels of which Zoho's number is ours, and levels that differ with nothing in flight. */
  equal: number;
  different: number;
  catalogueChanged: number;
  /** Items to be looked at once more, as something is still on its way for them … */
  lookAgain: readonly ItemId[];
  /** … or as the number that they were set to is not certain. */
  inDoubt: readonly ItemId[];
  /** Items that differ, with nothing in flight: documents that were missed may explain it. */
  unexplained: readonly ItemId[];
  /** Levels that were set right, being small drifts, and levels that are held for review. */
  corrected: number;
  held: number;
  /** The latest time of an answer, by Zoho's clock. */
  asOf?: Instant;
}>;

/**
 * Reads items from Zoho, keeps what it said verbatim, and sets the ledger's levels and the catalogue to it.
 * May be done again at any time: what is right by then is left alone.
 * @throws ZohoError, NatsUnavailable
 */
export const observeItems = async (
  parts: ObserverParts,
  wanted: readonly ItemId[],
  purpose: Purpose,
): Promise<Observed> => {
  const { answers, gone } = await readItems(parts.zoho, wanted, {
    ...purpose.call,
    batchSize: purpose.batchSize,
  });
  const items = answers.flatMap(({ asOf, items }) => items.map((item) => ({ asOf, item })));
  // Evidence first: what the ledger was set to can be looked up from the moment it is.
  if (!purpose.dryRun)
    await Promise.all(items.map(({ asOf, item }) => storeSnapshot(parts, purpose.runId, asOf, item)));
  const ids = items.map(({ item }) => item.itemId);
  const waiting = await inFlight(parts.connection, parts.naming, ids, purpose.inHand);
  const [observed, catalogueChanged] = await Promise.all([
    Promise.all(
      items.map(({ asOf, item }) => observeItem(parts, asOf, item, waiting.get(item.itemId), purpose)),
    ),
    purpose.dryRun ? 0 : catalogue(parts, items, gone, purpose.cause),
  ]);
  return summary(observed, { gone, catalogueChanged, asOf: latestOf(answers) });
};

const catalogue = async (
  parts: ObserverParts,
  items: readonly Readonly<{ asOf: Instant; item: ZohoItem }>[],
  gone: readonly ItemId[],
  cause: Cause,
): Promise<number> => {
  const changed = await catalogueItems(parts.catalogue, items, cause);
  return changed + (await catalogueGone(parts.catalogue, gone, instantFrom(parts.now()), cause));
};

const latestOf = (answers: readonly Readonly<{ asOf: Instant }>[]): Instant | undefined =>
  answers.map(({ asOf }) => asOf).sort((a, b) => millisOf(b) - millisOf(a))[0];

const summary = (
  observed: readonly ObservedItem[],
  {
    gone,
    catalogueChanged,
    asOf,
  }: Readonly<{ gone: readonly ItemId[]; catalogueChanged: number; asOf: Instant | undefined }>,
): Observed => {
  const levels = observed.flatMap((item) => item.levels);
  const count = (...kinds: readonly Verdict['kind'][]) =>
    levels.filter(({ verdict }) => kinds.includes(verdict.kind)).length;
  const itemsWith = (fits: (verdict: Verdict) => boolean) =>
    observed.flatMap(({ itemId, levels }) => (levels.some(({ verdict }) => fits(verdict)) ? [itemId] : []));
  return {
    items: observed.map(({ itemId }) => itemId),
    gone,
    failures: observed.flatMap(({ failure }) => failure ?? []),
    changedItems: itemsWith(isMove),
    levels: levels.length,
    levelsChanged: levels.filter(({ verdict }) => isMove(verdict)).length,
    equal: count('agree', 'outdated'),
    different: count('search'),
    catalogueChanged,
    lookAgain: itemsWith(({ kind }) => kind === 'look-again'),
    inDoubt: itemsWith(({ kind, because }) => kind === 'set' && because !== undefined),
    unexplained: itemsWith(({ kind }) => kind === 'search'),
    corrected: count('corrected'),
    held: count('held'),
    ...(asOf ? { asOf } : {}),
  };
};

const isMove = ({ events }: Verdict): boolean =>
  events.some((event) => event.type === 'StockChanged' && !isNoChange(event.data.delta));

const storeSnapshot = async (
  { connection, naming }: ObserverParts,
  runId: RunId,
  asOf: Instant,
  { itemId, raw }: ZohoItem,
): Promise<void> => {
  await publish(connection, {
    subject: naming.snapshotSubject(runId, itemId),
    headers: { 'content-type': 'application/json', 'Tally-As-Of': asOf },
    data: Buffer.from(raw),
  });
};

type JudgedLevel = Readonly<{ warehouseId: WarehouseId; verdict: Verdict }>;

type ObservedItem = Readonly<{
  itemId: ItemId;
  levels: readonly JudgedLevel[];
  failure?: ItemFailure;
}>;

const observeItem = async (
  parts: ObserverParts,
  asOf: Instant,
  { itemId, sku, levels }: ZohoItem,
  waiting: string | undefined,
  purpose: Purpose,
): Promise<ObservedItem> => {
  const unreadable = levels.filter(({ quantities }) => quantities === undefined);
  const observations = levels.flatMap(({ warehouseId, quantities }): readonly Observation[] =>
    quantities ? [{ itemId, warehouseId, asOf, quantities, ...(sku ? { sku } : {}) }] : [],
  );
  const judged = await Promise.all(
    observations.map((observation) => judgeLevel(parts, observation, waiting, purpose)),
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
  { ledger, policyOf }: ObserverParts,
  observation: Observation,
  waiting: string | undefined,
  { runId, cause, bySweep, inDoubt, lookedUp, dryRun = false }: Purpose,
): Promise<JudgedLevel | Readonly<{ error: string }>> => {
  const { itemId, warehouseId } = observation;
  const question: DriftQuestion = {
    observation,
    runId,
    bySweep,
    inDoubt: inDoubt.has(itemId),
    ...(waiting ? { inFlight: waiting } : {}),
    ...(lookedUp ? { lookedUp } : {}),
  };
  try {
    return { warehouseId, verdict: await ledger.judge(question, cause, policyOf(warehouseId), { dryRun }) };
  } catch (error) {
    if (!(error instanceof QuantityOverflow)) throw error;
    return { error: `${warehouseId}: ${error.message}` };
  }
};
