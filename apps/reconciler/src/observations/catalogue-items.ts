import type { Catalogue } from '@tallystream/catalogue';
import type { Cause, Instant, ItemCatalogued, ItemId } from '@tallystream/contracts';
import type { ZohoItem, ZohoItemDetails, ZohoWarehouse } from '@tallystream/zoho';

type Seen = Readonly<{ asOf: Instant; item: ZohoItem }>;

/** Takes items as their details say. @returns how many changed */
export const catalogueItems = (catalogue: Catalogue, seen: readonly Seen[], cause: Cause): Promise<number> =>
  catalogue.record(seen.map(({ asOf, item }) => ({ ...masterData(item.details), cause, occurredAt: asOf })));

/**
 * Takes items as a list shows them: what lists leave out, such as custom fields, stays as it was.
 * @returns how many changed
 */
export const catalogueRows = async (
  catalogue: Catalogue,
  rows: readonly ZohoItemDetails[],
  asOf: Instant,
  cause: Cause,
): Promise<number> => {
  const known = await catalogue.items(rows.map(({ itemId }) => itemId));
  return catalogue.record(
    rows.map((row) => ({
      ...unlisted(known.get(row.itemId)),
      ...masterData(row),
      cause,
      occurredAt: asOf,
    })),
  );
};

/** What lists may leave out. */
const unlisted = (known: ItemCatalogued | undefined): Pick<ItemCatalogued, 'arabicName' | 'imageId'> => ({
  ...(known?.arabicName ? { arabicName: known.arabicName } : {}),
  ...(known?.imageId ? { imageId: known.imageId } : {}),
});

/** Marks items that Zoho does not have any more. @returns how many were not marked before */
export const catalogueGone = async (
  catalogue: Catalogue,
  gone: readonly ItemId[],
  asOf: Instant,
  cause: Cause,
): Promise<number> => {
  const known = await catalogue.items(gone);
  return catalogue.record(
    [...known.values()].map((item): ItemCatalogued => ({ ...item, status: 'gone', cause, occurredAt: asOf })),
  );
};

/** @returns how many changed */
export const catalogueWarehouses = (
  catalogue: Catalogue,
  warehouses: readonly ZohoWarehouse[],
  asOf: Instant,
  cause: Cause,
): Promise<number> =>
  catalogue.record(
    [],
    warehouses.map((warehouse) => ({ ...warehouse, cause, occurredAt: asOf })),
  );

const masterData = ({
  totalOnHand: _stock,
  lastModified: _time,
  ...details
}: ZohoItemDetails): Omit<ItemCatalogued, 'cause' | 'occurredAt'> => details;
