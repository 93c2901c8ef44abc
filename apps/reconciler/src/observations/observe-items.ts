import type { Catalogue } from '@tallystream/catalogue';
import {
  type Cause,
  type DocumentApplied,
  type Instant,
  type ItemId,
  instantFrom,
  type LevelRef,
  levelKey,
  millisOf,
  type Naming,
} from '@tallystream/contracts';
import type { JetStreamConnection } from '@tallystream/jetstream';
import { recordedFrom } from '@tallystream/ledger';
import { type CallOptions, readItems, type ZohoClient, type ZohoItem } from '@tallystream/zoho';
import { catalogueGone, catalogueItems } from './catalogue-items';
import { inFlight } from './in-flight';
import { type Circumstances, type Judged, type JudgeParts, judgeItems, type SaidOfItem } from './judge-items';
import { snapshotsOf, storeSnapshot } from './snapshots';
import { joined, unmentioned } from './unmentioned';

/** What it takes to judge what was said with what is on its way. */
export type JudgeNowParts = JudgeParts & Readonly<{ connection: JetStreamConnection; naming: Naming }>;

export type ObserverParts = JudgeNowParts &
  Readonly<{
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
  const seen = answers.flatMap(({ asOf, items }) => items.map((item) => ({ asOf, item })));
  // Evidence first: what the ledger was set to can be looked up from the moment it is.
  if (!purpose.dryRun)
    await Promise.all(
      seen.map(({ asOf, item: { itemId, raw } }) =>
        storeSnapshot(parts, { runId: purpose.runId, itemId, asOf, askedAt, raw }),
      ),
    );
  const said = seen.map(({ asOf, item: { itemId, sku, levels } }) => ({
    asOf,
    askedAt,
    itemId,
    levels,
    ...(sku ? { sku } : {}),
  }));
  const [judged, silent, catalogueChanged] = await Promise.all([
    judgeNow(parts, said, purpose),
    unmentioned(parts.ledger, said),
    purpose.dryRun ? 0 : catalogued(parts, seen, gone, purpose.cause),
  ]);
  return { ...judged, failures: joined([...judged.failures, ...silent]), gone, catalogueChanged };
};

/**
 * Judges the same answers of Zoho's once more, when missed documents are in the ledger: whatever moved them is on
 * the lists that were read after them. A newer answer could hold a document that has not reached us yet.
 * @throws NatsUnavailable
 */
export const judgeAgain = async (
  parts: JudgeNowParts,
  levels: readonly LevelRef[],
  purpose: Omit<Purpose, 'batchSize' | 'call'>,
): Promise<Judged> => {
  const wanted = new Set(levels.map(levelKey));
  const items = [...new Set(levels.map(({ itemId }) => itemId))];
  const kept = await snapshotsOf(parts, purpose.runId, items);
  const said = kept.map((item) => ({
    ...item,
    levels: item.levels.filter(({ warehouseId }) => wanted.has(levelKey({ ...item, warehouseId }))),
  }));
  return judgeNow(parts, said, { ...purpose, documents: await documentsSince(parts, said) });
};

/** Whatever was recorded since Zoho was asked for any of these. */
const documentsSince = async (
  { ledger, policyOf }: JudgeNowParts,
  said: readonly SaidOfItem[],
): Promise<readonly DocumentApplied[]> => {
  let first = Number.POSITIVE_INFINITY;
  for (const item of said)
    for (const { warehouseId } of item.levels)
      first = Math.min(first, millisOf(recordedFrom(item, policyOf(warehouseId))));
  return Number.isFinite(first) ? ledger.documentsSince(instantFrom(first)) : [];
};

const judgeNow = async (
  parts: JudgeNowParts,
  said: readonly SaidOfItem[],
  purpose: Omit<Purpose, 'batchSize' | 'call'>,
): Promise<Judged> => {
  const ids = said.map(({ itemId }) => itemId);
  const waiting = await inFlight(parts.connection, parts.naming, ids, purpose.inHand);
  const known = said.map((item) => {
    const found = waiting.get(item.itemId);
    return found ? { ...item, inFlight: found.why } : item;
  });
  const judged = await judgeItems(parts, known, purpose);
  // Another look that has been asked for comes after this one; asked for at each look, it would never be the last.
  return { ...judged, lookAgain: judged.lookAgain.filter((itemId) => !waiting.get(itemId)?.isLook) };
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
