import { type CatalogueEvent, itemCataloguedSchema, warehouseCataloguedSchema } from './catalog-events';
import { driftDetectedSchema, driftResolvedSchema } from './drift-events';
import { type EventHistory, firstVersion } from './event-history';
import { syncFinishedSchema, syncFinishedV1Schema, syncStartedSchema } from './run-events';
import type { StockEvent } from './stock-event';
import { documentAppliedSchema, stockChangedSchema } from './stock-events';

/** `ce-source`: who says so. */
export const LEDGER_SOURCE = '/tallystream/ledger';
export const CATALOGUE_SOURCE = '/tallystream/catalogue';

type Histories<E extends Readonly<{ type: string; data: unknown }>> = {
  readonly [One in E as One['type']]: EventHistory<One['data']>;
};

/** Every event of the ledger with all its published versions: the one place for upcasting. */
export const publishedEvents = {
  StockChanged: firstVersion('stock.changed', stockChangedSchema),
  DocumentApplied: firstVersion('stock.document-applied', documentAppliedSchema),
  DriftDetected: firstVersion('stock.drift-detected', driftDetectedSchema),
  DriftResolved: firstVersion('stock.drift-resolved', driftResolvedSchema),
  SyncStarted: firstVersion('stock.sync-started', syncStartedSchema),
  SyncFinished: firstVersion('stock.sync-finished', syncFinishedV1Schema).next(syncFinishedSchema, (v1) => ({
    ...v1,
    outcome: 'completed' as const,
  })),
} satisfies Histories<StockEvent>;

/** The same of the catalogue. */
export const publishedCatalogueEvents = {
  ItemCatalogued: firstVersion('catalog.item', itemCataloguedSchema),
  WarehouseCatalogued: firstVersion('catalog.warehouse', warehouseCataloguedSchema),
} satisfies Histories<CatalogueEvent>;

/** What may be met in any of our streams. */
export const allPublishedEvents = { ...publishedEvents, ...publishedCatalogueEvents } satisfies Histories<
  StockEvent | CatalogueEvent
>;
