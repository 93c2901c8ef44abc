import {
  type Cause,
  type Instant,
  type ItemId,
  instantFrom,
  millisOf,
  runIdSchema,
  type SyncFinished,
} from '@tallystream/contracts';
import type { Observation } from '@tallystream/domain';
import type { Ledger } from '@tallystream/ledger';
import type { CallOptions, ZohoClient } from '@tallystream/zoho';

const runId = runIdSchema.parse('opening');
const cause: Cause = { kind: 'sync', id: runId, actor: 'reconciler' };
const sweep: CallOptions = { priority: 'sweep' };

export type OpeningParts = Readonly<{
  ledger: Ledger;
  zoho: ZohoClient;
  batchSize: number;
  now: () => number;
}>;

/** Whether every level has been observed once. */
export const isOpened = async (ledger: Ledger): Promise<boolean> =>
  (await ledger.run(runId))?.type === 'SyncFinished';

/**
 * The first observation of everything: sets all levels to what Zoho says. Cut off in the middle it is simply
 * done again: levels that are right by then are left alone.
 * @returns the time of the last answer, by Zoho's clock; nothing when Zoho keeps no stock
 */
export const observeEverything = async (parts: OpeningParts): Promise<Instant | undefined> => {
  const { ledger, zoho, batchSize, now } = parts;
  const occurredAt = () => instantFrom(now());
  await ledger.recordRun({
    type: 'SyncStarted',
    data: { runId, kind: 'opening', cause, occurredAt: occurredAt() },
  });
  let totals: Totals = { items: 0, levels: 0, changed: 0 };
  for (let page = 1, hasMore = true; hasMore; page += 1) {
    const list = await zoho.listItems({ page, activeOnly: true }, sweep);
    const ids = list.items.flatMap(({ itemId, tracksStock }) => (tracksStock ? [itemId] : []));
    for (const batch of chunks(ids, batchSize)) totals = await observe(parts, batch, totals);
    hasMore = list.hasMore;
  }
  const { asOf, ...counts } = totals;
  await ledger.recordRun({
    type: 'SyncFinished',
    data: { runId, kind: 'opening', cause, occurredAt: occurredAt(), ...counts },
  });
  return asOf;
};

type Totals = Pick<SyncFinished, 'items' | 'levels' | 'changed'> & Readonly<{ asOf?: Instant }>;

const observe = async (parts: OpeningParts, ids: readonly ItemId[], totals: Totals): Promise<Totals> => {
  const { asOf, items } = await parts.zoho.itemDetails(ids, sweep);
  const observations: readonly Observation[] = items.flatMap(({ itemId, sku, levels }) =>
    levels.flatMap(({ warehouseId, quantities }) =>
      quantities ? [{ itemId, warehouseId, asOf, quantities, ...(sku ? { sku } : {}) }] : [],
    ),
  );
  const written = await Promise.all(observations.map((one) => parts.ledger.applyObservation(one, cause)));
  const latest = totals.asOf && millisOf(totals.asOf) > millisOf(asOf) ? totals.asOf : asOf;
  return {
    items: totals.items + items.length,
    levels: totals.levels + observations.length,
    changed: totals.changed + written.filter(({ seq }) => seq !== undefined).length,
    asOf: latest,
  };
};

const chunks = <T>(list: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
