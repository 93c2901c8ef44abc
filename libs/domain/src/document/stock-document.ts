import type { DocumentId, DocumentType, Instant, ItemId, WarehouseId } from '@tallystream/contracts';

/**
 * A Zoho document, reduced to what can move stock. libs/zoho makes it out of a payload: ids checked,
 * numbers read, lines without an inventory item left out, kits taken apart, the warehouse settled.
 * Quantities are in units of the item.
 */
export type StockDocument = Readonly<{
  id: DocumentId;
  number?: string;
  /** Zoho's status, lower case with underscores. */
  status: string;
  createdAt?: Instant;
  /** Zoho's `last_modified_time`: the version of the document. */
  modifiedAt: Instant;
  /** Set when Zoho gave a date without a time of day: the change happened up to here. */
  modifiedUntil?: Instant;
  deleted: boolean;
}> &
  DocumentContent;

export type DocumentContent =
  | Readonly<{ type: 'invoice'; lines: readonly QuantityLine[] }>
  | Readonly<{ type: 'bill'; lines: readonly QuantityLine[] }>
  | Readonly<{ type: 'salesorder'; lines: readonly OrderLine[] }>
  | Readonly<{
      type: 'inventory_adjustment';
      /** `quantity` is signed; an adjustment of the value alone has no lines. */
      lines: readonly QuantityLine[];
    }>;

export type Line = Readonly<{ itemId: ItemId; warehouseId: WarehouseId; sku?: string }>;

export type QuantityLine = Line & Readonly<{ quantity: number }>;

/** Counters are cumulative over the life of the order. */
export type OrderLine = Line &
  Readonly<{
    quantity: number;
    invoiced: number;
    cancelled: number;
    shipped: number;
    manuallyFulfilled: number;
    dropshipped: number;
  }>;

export type DocumentOf<T extends DocumentType> = Extract<StockDocument, { type: T }>;
