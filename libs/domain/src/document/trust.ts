import { type Instant, millisOf, type Treatment } from '@tallystream/contracts';

/**
 * When may a document's delta be trusted on a level that was observed in Zoho?
 *
 * An observation at B holds every change up to B and none after it, but Zoho's clock has seconds and its
 * reads take time: within `marginMs` of B nobody knows. Without an observation every delta is trusted, the
 * level being provisional.
 */
export type TrustQuestion = Readonly<{
  /** B: Zoho's time of the level's last observation. */
  baselineAsOf?: Instant;
  createdAt?: Instant;
  /** The change happened at this moment … */
  changedFrom: Instant;
  /** … or up to here, when Zoho does not say it to the second; never, when it is a deletion. */
  changedUntil: Instant | 'unbounded';
  /** An earlier version of the document was taken into account. */
  appliedBefore: boolean;
  marginMs: number;
}>;

export const treatmentOf = (question: TrustQuestion): Treatment => {
  const { baselineAsOf, createdAt, changedFrom, changedUntil, appliedBefore, marginMs } = question;
  if (!baselineAsOf) return 'delta';
  const baseline = millisOf(baselineAsOf);
  const from = millisOf(changedFrom) - marginMs;
  const until = changedUntil === 'unbounded' ? Number.POSITIVE_INFINITY : millisOf(changedUntil) + marginMs;

  if (from <= baseline && baseline <= until) return 'undecidable';
  if (until < baseline) return 'absorbed';
  if (appliedBefore) return 'delta';
  // First seen after the observation: its earlier versions, if it had any, may be inside the baseline.
  const createdAfterBaseline = createdAt !== undefined && millisOf(createdAt) - marginMs > baseline;
  return createdAfterBaseline ? 'delta' : 'unknown-history';
};
