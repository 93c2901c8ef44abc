import type { Catalogue } from '@tallystream/catalogue';
import {
  type Cause,
  type Instant,
  type ItemId,
  instantFrom,
  type Naming,
  QuantityOverflow,
  type RunId,
} from '@tallystream/contracts';
import type { Observation } from '@tallystream/domain';
import { type JetStreamConnection, publish } from '@tallystream/jetstream';
import type { Ledger } from '@tallystream/ledger';
import { type CallOptions, readItems, type ZohoClient, type ZohoItem } from '@tallystream/zoho';
import { catalogueGone, catalogueItems } from './catalogue-items';

export type ObserverParts = Readonly<{
  connection: JetStreamConnection;
  naming: Naming;
  ledger: Ledger;
  catalogue: Catalogue;
  zoho: ZohoClient;
  now: () => number;
}>;

/** Why items are looked at: it names their snapshots and what the ledger notes as cause. */
export type Purpose = Readonly<{ runId: RunId; cause: Cause; batchSize: number; call: CallOptions }>;

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
  catalogueChanged: number;
  /** Items that a document changed around the time of the answer: what it contains is not certain. */
  lookAgain: readonly ItemId[];
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
  ids: readonly ItemId[],
  purpose: Purpose,
): Promise<Observed> => {
  const { answers, gone } = await readItems(parts.zoho, ids, {
    ...purpose.call,
    batchSize: purpose.batchSize,
  });
  const items = answers.flatMap(({ asOf, items }) => items.map((item) => ({ asOf, item })));
  // Evidence first: what the ledger was set to can be looked up from the moment it is.
  await Promise.all(items.map(({ asOf, item }) => storeSnapshot(parts, purpose.runId, asOf, item)));
  const [observed, catalogueChanged] = await Promise.all([
    Promise.all(items.map(({ asOf, item }) => observeItem(parts.ledger, asOf, item, purpose.cause))),
    catalogueItems(parts.catalogue, items, purpose.cause),
  ]);
  const now = instantFrom(parts.now());
  const goneChanged = await catalogueGone(parts.catalogue, gone, now, purpose.cause);
  const changed = observed.filter(({ levelsChanged }) => levelsChanged > 0);
  const latest = answers.map(({ asOf }) => asOf).sort((a, b) => Date.parse(b) - Date.parse(a))[0];
  return {
    items: observed.map(({ itemId }) => itemId),
    gone,
    failures: observed.flatMap(({ failure }) => failure ?? []),
    changedItems: changed.map(({ itemId }) => itemId),
    levels: observed.reduce((sum, { levels }) => sum + levels, 0),
    levelsChanged: observed.reduce((sum, { levelsChanged }) => sum + levelsChanged, 0),
    catalogueChanged: catalogueChanged + goneChanged,
    lookAgain: observed.flatMap(({ itemId, lookAgain }) => (lookAgain ? [itemId] : [])),
    ...(latest ? { asOf: latest } : {}),
  };
};

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

type ObservedItem = Readonly<{
  itemId: ItemId;
  levels: number;
  levelsChanged: number;
  lookAgain: boolean;
  failure?: ItemFailure;
}>;

const observeItem = async (
  ledger: Ledger,
  asOf: Instant,
  { itemId, sku, levels }: ZohoItem,
  cause: Cause,
): Promise<ObservedItem> => {
  const unreadable = levels.filter(({ quantities }) => quantities === undefined);
  const observations = levels.flatMap(({ warehouseId, quantities }): readonly Observation[] =>
    quantities ? [{ itemId, warehouseId, asOf, quantities, ...(sku ? { sku } : {}) }] : [],
  );
  const results = await Promise.all(
    observations.map((observation) => observeLevel(ledger, observation, cause)),
  );
  const errors = [
    ...unreadable.map(
      ({ warehouseId }) => `Zoho's numbers for warehouse ${warehouseId} are missing or unreadable`,
    ),
    ...results.flatMap(({ error }) => error ?? []),
  ];
  return {
    itemId,
    levels: observations.length,
    levelsChanged: results.filter(({ changed }) => changed).length,
    lookAgain: results.some(({ lookAgain }) => lookAgain),
    ...(errors.length > 0 ? { failure: { itemId, error: errors.join('; ') } } : {}),
  };
};

const observeLevel = async (
  ledger: Ledger,
  observation: Observation,
  cause: Cause,
): Promise<Readonly<{ changed: boolean; lookAgain: boolean; error?: string }>> => {
  try {
    const { result, seq } = await ledger.applyObservation(observation, cause);
    return { changed: seq !== undefined, lookAgain: result.lookAgain };
  } catch (error) {
    if (!(error instanceof QuantityOverflow)) throw error;
    return { changed: false, lookAgain: false, error: `${observation.warehouseId}: ${error.message}` };
  }
};
