export { type DriftQuestion, recordedFrom } from './drift-writes';
export { type Origin, type StoredEvent, storedEvent } from './event-store';
export { WriteTooLarge, type Written } from './group-commit';
export {
  defaultLedgerSettings,
  type Ledger,
  type LedgerSettings,
  openLedger,
} from './ledger';
export type { RunEvent } from './ledger-view';
export type { StoredLevel } from './levels-of-items';
export { type DocumentName, documentKey, newestDocuments } from './newest-documents';
export {
  isObservationWaiting,
  type ObservationRequest,
  openRequests,
  type QueuedRequest,
  queuedRequest,
  requestObservations,
} from './observation-requests';
export { type LedgerCheck, Verification } from './verify/verification';
