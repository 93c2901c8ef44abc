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

/** Documents whose lines each name a quantity of an item in a warehouse. */
export type QuantityDocumentType =
  | 'invoice'
  | 'package'
  | 'creditnote'
  | 'salesreturnreceive'
  | 'bill'
  | 'purchase_receive'
  | 'vendor_credit'
  /** `quantity` is signed; an adjustment of the value alone has no lines. */
  | 'inventory_adjustment'
  /** `quantity` is signed: what was put together comes, its parts go. */
  | 'bundle';

export type DocumentContent =
  | {
      readonly [T in QuantityDocumentType]: Readonly<{ type: T; lines: readonly QuantityLine[] }>;
    }[QuantityDocumentType]
  | Readonly<{ type: 'salesorder'; lines: readonly OrderLine[] }>
  | Readonly<{ type: 'transfer_order'; lines: readonly TransferLine[] }>;

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

/** `warehouseId` is the source; of `quantity` sent, `received` have arrived at the destination. */
export type TransferLine = QuantityLine & Readonly<{ destinationId: WarehouseId; received: number }>;

export type DocumentOf<T extends DocumentType> = Extract<StockDocument, { type: T }>;
