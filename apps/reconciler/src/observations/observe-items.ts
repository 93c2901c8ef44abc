import type { Catalogue } from '@tallystream/catalogue';
import { type Cause, type ItemId, instantFrom, type Naming } from '@tallystream/contracts';
import type { JetStreamConnection } from '@tallystream/jetstream';
import { type CallOptions, readItems, type ZohoClient } from '@tallystream/zoho';
import { catalogueGone, catalogueItems } from './catalogue-items';
import { inFlight } from './in-flight';
import { type Circumstances, type Judged, type JudgeParts, judgeItems, type SaidOfItem } from './judge-items';
import { type Answer, snapshotsOf, storeSnapshots } from './snapshots';

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
  const askedAt = instantFrom(parts.now());
  const { answers, gone } = await readItems(parts.zoho, wanted, {
    ...purpose.call,
    batchSize: purpose.batchSize,
  });
  const seen = answers.flatMap(({ asOf, items }) => items.map((item) => ({ asOf, askedAt, item })));
  // Evidence first: what the ledger was set to can be looked up from the moment it is.
  if (!purpose.dryRun) await storeSnapshots(parts, purpose.runId, seen);
  const said = seen.map(({ asOf, item: { itemId, sku, levels } }) => ({
    asOf,
    askedAt,
    itemId,
    levels,
    ...(sku ? { sku } : {}),
  }));
  const [judged, catalogueChanged] = await Promise.all([
    judgeNow(parts, said, purpose),
    purpose.dryRun ? 0 : catalogued(parts, seen, gone, purpose.cause),
  ]);
  return { ...judged, gone, catalogueChanged };
};

/**
 * Judges once more what was said of items in this look, when documents that were missed are in the ledger. Of
 * whatever changed before that answer it knows by now, which cannot be said of a newer answer.
 * @throws NatsUnavailable
 */
export const judgeAgain = async (
  parts: ObserverParts,
  items: readonly ItemId[],
  purpose: Omit<Purpose, 'batchSize' | 'call'> & Readonly<{ lookedUp: readonly string[] }>,
): Promise<Judged> => judgeNow(parts, await snapshotsOf(parts, purpose.runId, items), purpose);

const judgeNow = async (
  parts: ObserverParts,
  said: readonly SaidOfItem[],
  purpose: Omit<Purpose, 'batchSize' | 'call'>,
): Promise<Judged> => {
  const ids = said.map(({ itemId }) => itemId);
  const waiting = await inFlight(parts.connection, parts.naming, ids, purpose.inHand);
  const known = said.map((one) => {
    const found = waiting.get(one.itemId);
    return found ? { ...one, inFlight: found.why } : one;
  });
  const judged = await judgeItems(parts, known, purpose);
  // Another look that has been asked for is this one's successor: asked for once more, it would never be the last.
  return { ...judged, lookAgain: judged.lookAgain.filter((itemId) => !waiting.get(itemId)?.isLook) };
};

const catalogued = async (
  { catalogue, now }: ObserverParts,
  seen: readonly Answer[],
  gone: readonly ItemId[],
  cause: Cause,
): Promise<number> => {
  const changed = await catalogueItems(catalogue, seen, cause);
  return changed + (await catalogueGone(catalogue, gone, instantFrom(now()), cause));
};
