import { type ItemId, quantityNames, type WarehouseId } from '@tallystream/contracts';
import type { Ledger, StoredLevel } from '@tallystream/ledger';
import type { ItemFailure, SaidOfItem } from './judge-items';

/**
 * Items of which Zoho leaves out a warehouse where the ledger has stock: that level stays as it is, for nothing said
 * is not 0, and whoever reads the run is told. @throws NatsUnavailable
 */
export const unmentioned = async (
  ledger: Pick<Ledger, 'levelsOfItems'>,
  said: readonly Pick<SaidOfItem, 'itemId' | 'levels'>[],
): Promise<readonly ItemFailure[]> => {
  const known = await ledger.levelsOfItems(said.map(({ itemId }) => itemId));
  return said.flatMap(({ itemId, levels }) => {
    const named = new Set<WarehouseId>(levels.map(({ warehouseId }) => warehouseId));
    const silent = (known.get(itemId) ?? []).filter(
      (stored) => !named.has(stored.ref.warehouseId) && hasStock(stored),
    );
    if (silent.length === 0) return [];
    const warehouses = silent.map(({ ref }) => ref.warehouseId).join(', ');
    return [{ itemId, error: `Zoho does not name the warehouse ${warehouses}, where the ledger has stock` }];
  });
};

/** One line for each item, whatever went wrong with it. */
export const joined = (failures: readonly ItemFailure[]): readonly ItemFailure[] => {
  const byItem = new Map<ItemId, string[]>();
  for (const { itemId, error } of failures) byItem.set(itemId, [...(byItem.get(itemId) ?? []), error]);
  return [...byItem].map(([itemId, errors]) => ({ itemId, error: errors.join('; ') }));
};

const hasStock = ({ level }: StoredLevel): boolean =>
  !level.provisional && quantityNames.some((name) => level.quantities[name] !== 0);
