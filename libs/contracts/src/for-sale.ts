import { z } from 'zod';
import type { StockChanged } from './events/stock-events';
import { applyDelta, availableForSale, difference, type Quantities, zero } from './quantities';

/** What reads of a level say while a drift of its accounting stock is held for review. */
export const disputedSchema = z
  .object({ zoho: z.number().meta({ description: "Available for sale by Zoho's number" }) })
  .readonly()
  .meta({ description: 'Zoho says another number, and nobody has decided yet: the lower one is sold from' });
export type Disputed = z.infer<typeof disputedSchema>;

/** A level as a store of reads keeps it. */
export type ReadLevel = Readonly<{ quantities: Quantities; provisional: boolean; disputed?: Disputed }>;

/** What may be sold of a level; nothing while it was never observed: unknown is not zero. */
export const forSale = ({ quantities, provisional, disputed }: ReadLevel): number | null => {
  if (provisional) return null;
  const ours = availableForSale(quantities);
  return disputed ? Math.min(ours, disputed.zoho) : ours;
};

/** What a store of reads keeps of the newest event of a level. */
export const readLevel = (
  event: Pick<StockChanged, 'after' | 'provisional' | 'disputed' | 'tolerated'>,
): ReadLevel => {
  const { after, provisional } = event;
  const dispute = event.disputed?.find(({ side }) => side === 'accounting');
  if (!dispute || provisional) return { quantities: after, provisional };
  // A difference was counted from what is tolerated already, and `reserved` is ours on both sides.
  const zoho = availableForSale(after, event.tolerated ?? {}, dispute.difference);
  return { quantities: after, provisional, disputed: { zoho } };
};

/**
 * What could be sold of a level before an event, as far as the event itself tells. Documents leave alone what is held
 * for review, so it is exact for theirs. Nothing where nobody knew the number: before the first observation, and where
 * one had to tell. Where the event ends a dispute, it is the ledger's own number from before.
 */
export const forSaleBefore = (
  event: Pick<
    StockChanged,
    'revision' | 'delta' | 'after' | 'provisional' | 'disputed' | 'tolerated' | 'reason' | 'occurredAt'
  >,
): number | null => {
  const { revision, reason, delta, after, occurredAt } = event;
  if (revision === 1 || reason === 'observation') return null;
  const disputed = event.disputed?.filter(({ since }) => reason !== 'reconciliation' || since !== occurredAt);
  const before = applyDelta(zero, difference(after, delta));
  return forSale(readLevel({ ...event, after: before, ...(disputed ? { disputed } : {}) }));
};
