import type { DriftId, DriftResolved } from '@tallystream/contracts';

/** Decides drifts in the ledger: the rows that show them may lag behind it. */
export type DriftDecisions = Readonly<{
  /**
   * Takes Zoho's number over.
   * @throws Problem `not_found`, or `conflict` when the drift is not open any more
   */
  approve: (driftId: DriftId, by: Readonly<{ actor: string; note?: string }>) => Promise<DriftResolved>;
  /** Keeps ours. @throws Problem `not_found`, `conflict`, as `approve` does */
  reject: (driftId: DriftId, by: Readonly<{ actor: string; note: string }>) => Promise<DriftResolved>;
}>;
