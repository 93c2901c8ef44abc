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
import type { ZohoClient } from '@tallystream/zoho';

const runId = runIdSchema.parse('opening');
const cause: Cause = { kind: 'sync', id: runId, actor: 'reconciler' };

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
  for await (const page of zoho.inventoryItems()) {
    for (const ids of chunks(page, batchSize)) totals = await observe(parts, ids, totals);
  }
  const { asOf, ...counts } = totals;
  await ledger.recordRun({
    type: 'SyncFinished',
    data: { runId, kind: 'opening', outcome: 'completed', cause, occurredAt: occurredAt(), ...counts },
  });
  return asOf;
};

type Totals = Pick<SyncFinished, 'items' | 'levels' | 'changed'> & Readonly<{ asOf?: Instant }>;

const observe = async (parts: OpeningParts, ids: readonly ItemId[], totals: Totals): Promise<Totals> => {
  const { asOf, items } = await parts.zoho.itemDetails(ids);
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
