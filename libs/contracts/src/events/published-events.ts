import { type EventHistory, firstVersion } from './event-history';
import {
  documentAppliedSchema,
  type StockEvent,
  stockChangedSchema,
  syncFinishedSchema,
  syncStartedSchema,
} from './stock-events';

/** `ce-source`: who says so. */
export const EVENT_SOURCE = '/tallystream/ledger';

/** Every event with all its published versions: the one place for upcasting. */
export const publishedEvents = {
  StockChanged: firstVersion('stock.changed', stockChangedSchema),
  DocumentApplied: firstVersion('stock.document-applied', documentAppliedSchema),
  SyncStarted: firstVersion('stock.sync-started', syncStartedSchema),
  SyncFinished: firstVersion('stock.sync-finished', syncFinishedSchema),
} satisfies { readonly [E in StockEvent as E['type']]: EventHistory<E['data']> };
