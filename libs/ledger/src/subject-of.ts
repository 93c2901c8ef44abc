import type { Naming, StockEvent } from '@tallystream/contracts';

/** The one subject that an event may lie under: that of its aggregate. */
export const subjectOf = ({ type, data }: StockEvent, naming: Naming): string => {
  switch (type) {
    case 'StockChanged':
      return naming.levelSubject(data);
    case 'DocumentApplied':
      return naming.documentSubject(data.document.type, data.document.id);
    case 'DriftDetected':
    case 'DriftResolved':
      return naming.driftSubject(data.driftId);
    case 'SyncStarted':
    case 'SyncFinished':
      return naming.runSubject(data.runId);
  }
};
