import type { ItemId } from '@tallystream/contracts';
import { isFields, UnreadableDocument } from '../fields';
import { parseJson } from '../json';
import { itemStock, type ZohoLevel } from './item-stock';

/** The stock of an item as it was kept, verbatim. @throws UnreadableDocument */
export const storedItem = (
  raw: Uint8Array,
): Readonly<{ itemId: ItemId; sku?: string; levels: readonly ZohoLevel[] }> => {
  const fields = parseJson(Buffer.from(raw).toString());
  if (!isFields(fields)) throw new UnreadableDocument('not_json', '', 'a snapshot is not an object');
  return itemStock(fields);
};
