import { type Cause, type DriftId, type DriftResolved, instantFrom } from '@tallystream/contracts';
import type { Ledger } from '@tallystream/ledger';

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

export const driftDecisions = (ledger: Pick<Ledger, 'review'>): DriftDecisions => {
  const decided = (actor: string, driftId: DriftId): Cause => ({ kind: 'drift', id: driftId, actor });
  const at = () => instantFrom(Date.now());
  return {
    approve: (driftId, { actor, note }) =>
      ledger.review(
        { driftId, resolution: 'approved', at: at(), ...(note ? { note } : {}) },
        decided(actor, driftId),
      ),
    reject: (driftId, { actor, note }) =>
      ledger.review({ driftId, resolution: 'rejected', at: at(), note }, decided(actor, driftId)),
  };
};
