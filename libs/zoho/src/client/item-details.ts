import type { Instant, ItemId } from '@tallystream/contracts';
import {
  type Fields,
  flag,
  isBlank,
  isFields,
  itemId,
  label,
  moment,
  status,
  UnreadableDocument,
} from '../fields';

/** An item as lists and details have it alike; what Zoho leaves blank or writes illegibly is absent. */
export type ZohoItemDetails = Readonly<{
  itemId: ItemId;
  name: string;
  arabicName?: string;
  sku?: string;
  unit?: string;
  rate?: number;
  purchaseRate?: number;
  status: 'active' | 'inactive';
  reorderLevel?: number;
  imageId?: string;
  tracksStock: boolean;
  /** Accounting stock, summed over all locations */
  totalOnHand?: number;
  lastModified?: Instant;
}>;

/**
 * @param arabicNameField api name of the custom field that holds the Arabic name
 * @throws UnreadableDocument when the item has no readable id
 */
export const itemDetails = (fields: Fields, arabicNameField: string): ZohoItemDetails => {
  const id = itemId(fields, 'item_id', 'item');
  if (!id) throw new UnreadableDocument('missing_field', 'item.item_id', 'is missing');
  return withoutBlanks({
    itemId: id,
    name: label(fields, 'name') ?? label(fields, 'item_name') ?? id,
    arabicName: customField(fields, arabicNameField),
    sku: label(fields, 'sku'),
    unit: label(fields, 'unit'),
    rate: decimal(fields, 'rate'),
    purchaseRate: decimal(fields, 'purchase_rate'),
    status: status(fields) === 'inactive' ? 'inactive' : 'active',
    reorderLevel: decimal(fields, 'reorder_level'),
    imageId: label(fields, 'image_document_id') ?? label(fields, 'image_id'),
    tracksStock: tracksStock(fields),
    totalOnHand: decimal(fields, 'stock_on_hand'),
    lastModified: lastModified(fields),
  });
};

type Blanks<T> = { [K in keyof T]: T[K] | undefined };

const withoutBlanks = (details: Blanks<Required<ZohoItemDetails>>): ZohoItemDetails =>
  Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined)) as ZohoItemDetails;

/** `item_type` decides where Zoho gives it: `sales`, `purchases` and `sales_and_purchases` keep no stock. */
const tracksStock = (fields: Fields): boolean => {
  const type = status(fields, 'item_type');
  return type === undefined ? (flag(fields, 'track_inventory') ?? true) : type === 'inventory';
};

/** Zoho shows a custom field in a list, in a hash, or as a field of the item itself. */
const customField = (fields: Fields, apiName: string): string | undefined => {
  const listed = Array.isArray(fields.custom_fields) ? fields.custom_fields.filter(isFields) : [];
  const own = listed.find((field) => field.api_name === apiName);
  const hash = isFields(fields.custom_field_hash) ? fields.custom_field_hash : {};
  return (own && label(own, 'value')) ?? label(hash, apiName) ?? label(fields, apiName);
};

/** A price or a level to reorder at: nobody's stock depends on it, so one that is illegible is none. */
const decimal = (fields: Fields, name: string): number | undefined => {
  const value = fields[name];
  if (isBlank(value)) return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
};

const lastModified = (fields: Fields): Instant | undefined => {
  try {
    return moment(fields, 'last_modified_time', 'item')?.from;
  } catch (error) {
    if (error instanceof UnreadableDocument) return undefined;
    throw error;
  }
};
