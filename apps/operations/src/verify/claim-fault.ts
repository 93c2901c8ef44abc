import { type LevelTruth, millisOf, quantityNames } from '@tallystream/contracts';

/** How far the ledger was folded, and where the store stood, at the least, when it was asked: stream sequences. */
export type Positions = Readonly<{ foldedTo: number; storeAt: number }>;

/**
 * What is wrong with what a store says of a level, in words; nothing when it is right. `open` when the fold alone
 * cannot tell: the level moved while the store was read, or the store is behind.
 * @param truth by the newest event of the level in the fold; absent: the fold has none
 * @param claimed absent: the store does not have the level
 */
export const claimFault = (
  truth: LevelTruth | undefined,
  claimed: LevelTruth | undefined,
  { foldedTo, storeAt }: Positions,
): string | 'open' | undefined => {
  if (!claimed) {
    if (!truth) return undefined;
    return truth.seq <= storeAt ? 'it is not there' : 'open';
  }
  if (claimed.seq > foldedTo) return 'open';
  if (!truth) return `it is there by event ${claimed.seq}, and the ledger has no such level`;
  if (claimed.seq === truth.seq) return differenceOf(truth, claimed);
  if (claimed.seq > truth.seq)
    return `it is there by event ${claimed.seq}, which is not of this level: its newest is ${truth.seq}`;
  return truth.seq <= storeAt
    ? `it is there by event ${claimed.seq}, and the newest is ${truth.seq}`
    : 'open';
};

/** What a store says otherwise than the event that it names; nothing when they are the same. */
export const differenceOf = (truth: LevelTruth, claimed: LevelTruth): string | undefined => {
  const differing = quantityNames.find((name) => truth.quantities[name] !== claimed.quantities[name]);
  if (differing !== undefined)
    return `${differing} is ${claimed.quantities[differing]}, not ${truth.quantities[differing]}`;
  if (truth.revision !== claimed.revision) return `revision is ${claimed.revision}, not ${truth.revision}`;
  if (truth.provisional !== claimed.provisional)
    return `provisional is ${claimed.provisional}, not ${truth.provisional}`;
  if (truth.disputed?.zoho !== claimed.disputed?.zoho)
    return `disputed is ${claimed.disputed?.zoho ?? 'not said'}, not ${truth.disputed?.zoho ?? 'said'}`;
  if (baselineOf(truth) !== baselineOf(claimed))
    return `the baseline is ${claimed.baselineAsOf ?? 'none'}, not ${truth.baselineAsOf ?? 'none'}`;
  return undefined;
};

const baselineOf = ({ baselineAsOf }: LevelTruth): number | undefined =>
  baselineAsOf && millisOf(baselineAsOf);
