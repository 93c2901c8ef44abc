import type { RunId } from '@tallystream/contracts';

/** Makes projections anew from the ledger: by whom, is not the business of who finds them wrong. */
export type Rebuilds = Readonly<{
  /**
   * Asks for the rebuild of a projection, or joins the one that is on.
   * @throws Problem `not_found`, `store_unavailable`
   */
  rebuildOf: (projection: string, requestedBy: string) => Promise<RunId>;
}>;

export const REBUILDS = Symbol('Rebuilds');
