import type { Millionths } from '../quantity';

/** Root keys of the documents we can book. */
export const documentTypes = ['invoice', 'bill', 'salesorder', 'inventory_adjustment'] as const;
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
export type InvoiceLine = Line & { orderLineId?: string };
export type OrderLine = Line & {
  invoiced: Millionths;
  cancelled: Millionths;
  shipped: Millionths;
  manuallyFulfilled: Millionths;
  dropshipped: Millionths;
};

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
  status: 'draft' | 'sent' | 'void';
  lines: InvoiceLine[];
  orderId?: string;
};
export type Bill = Header & { type: 'bill'; status: 'open' | 'void'; lines: Line[] };
export type SalesOrder = Header & {
  type: 'salesorder';
  status: 'draft' | 'confirmed' | 'closed' | 'void';
  lines: OrderLine[];
  invoiceIds: string[];
};
/** A value adjustment changes what stock is worth, never how much there is. Quantities are signed. */
export type Adjustment = Header & {
  type: 'inventory_adjustment';
  status: 'adjusted';
  mode: 'quantity' | 'value';
  lines: Line[];
};
export type Document = Invoice | Bill | SalesOrder | Adjustment;
export type DocumentOf<T extends DocumentType> = Extract<Document, { type: T }>;
