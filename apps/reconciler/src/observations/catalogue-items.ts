import type { Cause, Instant, ItemCatalogued, ItemId, WarehouseCatalogued } from '@tallystream/contracts';
import type { Catalogue } from '@tallystream/ledger';
import type { ZohoItem, ZohoItemDetails, ZohoWarehouse } from '@tallystream/zoho';

type Seen = Readonly<{ asOf: Instant; item: ZohoItem }>;

/** Takes items as their details say. @returns how many changed */
export const catalogueItems = async (
  catalogue: Catalogue,
  seen: readonly Seen[],
  gone: readonly ItemId[],
  at: Instant,
  cause: Cause,
): Promise<number> => {
  const lost = await Promise.all(gone.map((itemId) => catalogue.item(itemId)));
  return catalogue.record([
    ...seen.map(({ asOf, item }) => catalogued(item.details, asOf, cause)),
    ...lost.flatMap((known) => (known ? [{ ...known, status: 'gone' as const, cause, occurredAt: at }] : [])),
  ]);
};
