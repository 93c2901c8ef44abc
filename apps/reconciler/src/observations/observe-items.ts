import type { Catalogue } from '@tallystream/catalogue';
import {
  type Cause,
  type Instant,
  type ItemId,
  instantFrom,
  type Naming,
  type RunId,
} from '@tallystream/contracts';
import { type JetStreamConnection, publish } from '@tallystream/jetstream';
import { type CallOptions, readItems, type ZohoClient, type ZohoItem } from '@tallystream/zoho';
import { catalogueGone, catalogueItems } from './catalogue-items';
import { inFlight } from './in-flight';
import { type Circumstances, type Judged, type JudgeParts, judgeItems } from './judge-items';

export type ObserverParts = JudgeParts &
  Readonly<{
    connection: JetStreamConnection;
    naming: Naming;
    catalogue: Catalogue;
    zoho: ZohoClient;
    now: () => number;
  }>;

/** Why items are looked at, and how: it names their snapshots and what the ledger notes as cause. */
export type Purpose = Circumstances &
  Readonly<{
    batchSize: number;
    call: CallOptions;
    /** Sequences of the requests that are answered by this look. */
    inHand: ReadonlySet<number>;
  }>;

export type Observed = Judged &
  Readonly<{
    /** Items that Zoho does not have any more. */
    gone: readonly ItemId[];
    catalogueChanged: number;
  }>;

/**
 * Reads items from Zoho, keeps what it said verbatim, has it judged, and takes names and prices over. May be
 * done again at any time: what is right by then is left alone.
 * @throws ZohoError, NatsUnavailable
 */
export const observeItems = async (
  parts: ObserverParts,
  wanted: readonly ItemId[],
  purpose: Purpose,
): Promise<Observed> => {
  const { connection, naming } = parts;
  const askedAt = instantFrom(parts.now());
  const { answers, gone } = await readItems(parts.zoho, wanted, {
    ...purpose.call,
    batchSize: purpose.batchSize,
  });
  const seen = answers.flatMap(({ asOf, items }) => items.map((item) => ({ asOf, item })));
  // Evidence first: what the ledger was set to can be looked up from the moment it is.
  if (!purpose.dryRun)
    await Promise.all(seen.map(({ asOf, item }) => storeSnapshot(parts, purpose.runId, asOf, item)));
  const ids = seen.map(({ item }) => item.itemId);
  const waiting = await inFlight(connection, naming, ids, purpose.inHand);
  const said = seen.map(({ asOf, item: { itemId, sku, levels } }) => {
    const why = waiting.get(itemId);
    return { asOf, askedAt, itemId, levels, ...(sku ? { sku } : {}), ...(why ? { inFlight: why } : {}) };
  });
  const [judged, catalogueChanged] = await Promise.all([
    judgeItems(parts, said, purpose),
    purpose.dryRun ? 0 : catalogued(parts, seen, gone, purpose.cause),
  ]);
  return { ...judged, gone, catalogueChanged };
};

const catalogued = async (
  { catalogue, now }: ObserverParts,
  seen: readonly Readonly<{ asOf: Instant; item: ZohoItem }>[],
  gone: readonly ItemId[],
  cause: Cause,
): Promise<number> => {
  const changed = await catalogueItems(catalogue, seen, cause);
  return changed + (await catalogueGone(catalogue, gone, instantFrom(now()), cause));
};

const storeSnapshot = async (
  { connection, naming }: ObserverParts,
  runId: RunId,
  asOf: Instant,
  { itemId, raw }: ZohoItem,
): Promise<void> => {
  await publish(connection, {
    subject: naming.snapshotSubject(runId, itemId),
    headers: { 'content-type': 'application/json', [AS_OF]: asOf },
    data: Buffer.from(raw),
  });
};

/** Zoho's time of a snapshot. */
export const AS_OF = 'Tally-As-Of';
