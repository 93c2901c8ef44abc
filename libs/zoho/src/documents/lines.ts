import type { WarehouseId } from '@tallystream/contracts';
import type { Line } from '@tallystream/domain';
import {
  type Fields,
  flag,
  itemId,
  label,
  list,
  status,
  text,
  UnreadableDocument,
  warehouseId,
} from '../fields';

/** A line of a document that counts, with where its stock moves settled. */
export type CountingLine = Readonly<{ line: Line; fields: Fields; path: string }>;

/**
 * The lines of a document that hold an inventory item. Services count for nothing; a kit counts through its
 * `mapped_items`. The warehouse is the line's, else the document's, else the configured default: a header
 * location is often the branch and not where stock moves, so the line wins.
 */
export const countingLines = (
  document: Fields,
  listName: string,
  path: string,
  defaultWarehouse: WarehouseId | undefined,
): readonly CountingLine[] => {
  const documentWarehouse = warehouseOf(document, path) ?? defaultWarehouse;
  return list(document, listName, path).flatMap((fields, index) =>
    leavesOf(fields, `${path}.${listName}[${index}]`, documentWarehouse),
  );
};

/** Deeper than any kit in kits; without a limit, a body could be deep enough to break the stack. */
const MAX_DEPTH = 16;

const leavesOf = (
  fields: Fields,
  path: string,
  inherited: WarehouseId | undefined,
  depth = 0,
): readonly CountingLine[] => {
  const warehouse = warehouseOf(fields, path) ?? inherited;
  // Parts before the line's own kind: a kit is no inventory item itself, what it is made of is.
  const parts = list(fields, 'mapped_items', path);
  if (parts.some((part) => text(part, 'item_id') !== undefined)) {
    const partsPath = `${path}.mapped_items`;
    if (depth === MAX_DEPTH) throw new UnreadableDocument('bad_field', partsPath, 'is nested too deep');
    return parts.flatMap((part, index) => leavesOf(part, `${partsPath}[${index}]`, warehouse, depth + 1));
  }
  const item = holdsInventory(fields) ? itemId(fields, 'item_id', path) : undefined;
  if (!item) return [];
  if (!warehouse) {
    throw new UnreadableDocument(
      'missing_field',
      `${path}.warehouse_id`,
      'is missing, and no default is set',
    );
  }
  const sku = label(fields, 'sku');
  return [{ line: { itemId: item, warehouseId: warehouse, ...(sku ? { sku } : {}) }, fields, path }];
};

const warehouseOf = (fields: Fields, path: string): WarehouseId | undefined =>
  warehouseId(fields, 'warehouse_id', path) ?? warehouseId(fields, 'location_id', path);

/** Zoho names the kind of an item in one of these fields, or in none: then it is taken for inventory. */
const holdsInventory = (fields: Fields): boolean => {
  const itemType = status(fields, 'item_type');
  if (itemType !== undefined && itemType !== 'inventory') return false;
  return status(fields, 'product_type') !== 'service' && flag(fields, 'track_inventory') !== false;
};
