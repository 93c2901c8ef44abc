import type { Millionths } from '../quantity';

/** Root keys of the documents we can book. */
export const documentTypes = [
  'invoice',
  'bill',
  'salesorder',
  'inventory_adjustment',
  'package',
  'shipment_order',
  'creditnote',
  'salesreturn',
  'salesreturnreceive',
  'purchase_receive',
  'vendor_credit',
  'transfer_order',
  'bundle',
] as const;
export type DocumentType = (typeof documentTypes)[number];

/**
 * How a body says where a line's stock moves: by the line's `warehouse_id` (its `location_id`, if there, is the
 * branch), by the line's `location_id`, or not on the line at all but by the header.
 */
export const namings = ['line_warehouse', 'line_location', 'header'] as const;
export type Naming = (typeof namings)[number];

export type Line = {
  id: string;
  itemId: string;
  quantity: Millionths;
  warehouseId: string;
};
/** A line that came out of a line of a sales order. */
export type LineOfOrder = Line & { orderLineId?: string };
export type OrderLine = Line & {
  invoiced: Millionths;
  cancelled: Millionths;
  packed: Millionths;
  shipped: Millionths;
  delivered: Millionths;
  manuallyFulfilled: Millionths;
  dropshipped: Millionths;
};
/** `quantity` goes back for its money; what of it `creditOnly` says never comes back itself. */
export type ReturnLine = Line & { creditOnly: Millionths; received: Millionths };
export type ReceiveLine = Line & { returnLineId: string };
/** `warehouseId` is the source. */
export type TransferLine = Line & { received: Millionths };
/** `quantity` is for one bundle. */
export type PartLine = Line;

/** What all documents have. Times are whole seconds since 1970. */
type Header = {
  id: string;
  number: string;
  contact: number;
  /** The branch in the header: not always where stock moves. */
  branchId: string;
  naming: Naming;
  createdAt: number;
  modifiedAt: number;
  /** How many bookings there had been when this one last changed. */
  changedAfter: number;
};

export type Invoice = Header & {
  type: 'invoice';
  status: 'draft' | 'sent' | 'paid' | 'void';
  lines: LineOfOrder[];
  orderId?: string;
};
export type Bill = Header & {
  type: 'bill';
  status: 'draft' | 'open' | 'overdue' | 'partially_paid' | 'paid' | 'void';
  lines: Line[];
};
export type SalesOrder = Header & {
  type: 'salesorder';
  status: 'draft' | 'confirmed' | 'closed' | 'void';
  lines: OrderLine[];
  invoiceIds: string[];
  packageIds: string[];
};
/** A value adjustment changes what stock is worth, never how much there is. Quantities are signed. */
export type Adjustment = Header & {
  type: 'inventory_adjustment';
  status: 'adjusted';
  mode: 'quantity' | 'value';
  lines: Line[];
};
export type Package = Header & {
  type: 'package';
  status: 'not_shipped' | 'shipped' | 'delivered';
  lines: LineOfOrder[];
  orderId: string;
  shipmentId?: string;
};
/** Names packages; the stock is theirs. */
export type Shipment = Header & {
  type: 'shipment_order';
  status: 'shipped' | 'delivered';
  lines: Line[];
  orderId: string;
  packageId: string;
};
export type CreditNote = Header & {
  type: 'creditnote';
  status: 'draft' | 'open' | 'closed' | 'void';
  lines: Line[];
};
export type SalesReturn = Header & {
  type: 'salesreturn';
  status: 'approved' | 'partially_received' | 'received';
  lines: ReturnLine[];
  receiveIds: string[];
};
export type ReturnReceive = Header & {
  type: 'salesreturnreceive';
  status: 'received';
  lines: ReceiveLine[];
  returnId: string;
};
export type PurchaseReceive = Header & {
  type: 'purchase_receive';
  status: 'in_transit' | 'received';
  lines: Line[];
};
export type VendorCredit = Header & {
  type: 'vendor_credit';
  status: 'draft' | 'open' | 'closed' | 'void';
  lines: Line[];
};
export type TransferOrder = Header & {
  type: 'transfer_order';
  status: 'draft' | 'in_transit' | 'partially_transferred' | 'transferred';
  destinationId: string;
  lines: TransferLine[];
};
/** Parts become so many of the composite item, in one warehouse. */
export type Bundle = Header & {
  type: 'bundle';
  status: 'draft' | 'completed';
  compositeId: string;
  quantity: Millionths;
  warehouseId: string;
  lines: PartLine[];
};
export type Document =
  | Invoice
  | Bill
  | SalesOrder
  | Adjustment
  | Package
  | Shipment
  | CreditNote
  | SalesReturn
  | ReturnReceive
  | PurchaseReceive
  | VendorCredit
  | TransferOrder
  | Bundle;
export type DocumentOf<T extends DocumentType> = Extract<Document, { type: T }>;
