import type { ItemId } from '@tallystream/contracts';
import { type Fields, isFields, itemId, UnreadableDocument } from '../fields';

const MAX_DEPTH = 20;

/**
 * Every item that a body names, wherever: enough to look at them in Zoho, even where nothing else of the
 * body can be read. Never throws.
 */
export const namedItems = (fields: Fields): readonly ItemId[] => [...new Set(itemsIn(fields, 0))];

const itemsIn = (value: unknown, depth: number): readonly ItemId[] => {
  if (depth > MAX_DEPTH) return [];
  if (Array.isArray(value)) return value.flatMap((entry) => itemsIn(entry, depth + 1));
  if (!isFields(value)) return [];
  const own = ['item_id', 'composite_item_id'].flatMap((name) => readableId(value, name));
  return [...own, ...Object.values(value).flatMap((entry) => itemsIn(entry, depth + 1))];
};

const readableId = (fields: Fields, name: string): readonly ItemId[] => {
  try {
    const id = itemId(fields, name, '');
    return id ? [id] : [];
  } catch (error) {
    if (error instanceof UnreadableDocument) return [];
    throw error;
  }
};
