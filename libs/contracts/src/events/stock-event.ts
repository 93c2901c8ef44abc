import type { DriftDetected, DriftResolved } from './drift-events';
import type { SyncFinished, SyncStarted } from './run-events';
import type { DocumentApplied, StockChanged } from './stock-events';

/** Whatever may lie in the stream `STOCK`. */
export type StockEvent =
  | Readonly<{ type: 'StockChanged'; data: StockChanged }>
  | Readonly<{ type: 'DocumentApplied'; data: DocumentApplied }>
  | Readonly<{ type: 'DriftDetected'; data: DriftDetected }>
  | Readonly<{ type: 'DriftResolved'; data: DriftResolved }>
  | Readonly<{ type: 'SyncStarted'; data: SyncStarted }>
  | Readonly<{ type: 'SyncFinished'; data: SyncFinished }>;
