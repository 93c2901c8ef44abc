import type { DocumentType } from './documents';

/** How Zoho's REST names documents of a type: in paths and as the root of a list, and their id and number. */
export type DocumentKind = Readonly<{
  /** None: there is no such list, the documents come inside of others. */
  plural?: string;
  id: string;
  number: string;
  /** As in INV-000123. */
  prefix: string;
  /** With whom. */
  party?: 'customer' | 'vendor';
}>;

export const documentKinds: Readonly<Record<DocumentType, DocumentKind>> = {
  invoice: {
    plural: 'invoices',
    id: 'invoice_id',
    number: 'invoice_number',
    prefix: 'INV',
    party: 'customer',
  },
  bill: { plural: 'bills', id: 'bill_id', number: 'bill_number', prefix: 'BILL', party: 'vendor' },
  salesorder: {
    plural: 'salesorders',
    id: 'salesorder_id',
    number: 'salesorder_number',
    prefix: 'SO',
    party: 'customer',
  },
  inventory_adjustment: {
    plural: 'inventoryadjustments',
    id: 'inventory_adjustment_id',
    number: 'reference_number',
    prefix: 'IA',
  },
  package: {
    plural: 'packages',
    id: 'package_id',
    number: 'package_number',
    prefix: 'PA',
    party: 'customer',
  },
  shipment_order: {
    plural: 'shipmentorders',
    id: 'shipment_id',
    number: 'shipment_number',
    prefix: 'SH',
    party: 'customer',
  },
  creditnote: {
    plural: 'creditnotes',
    id: 'creditnote_id',
    number: 'creditnote_number',
    prefix: 'CN',
    party: 'customer',
  },
  salesreturn: {
    plural: 'salesreturns',
    id: 'salesreturn_id',
    number: 'salesreturn_number',
    prefix: 'RMA',
    party: 'customer',
  },
  salesreturnreceive: { id: 'receive_id', number: 'receive_number', prefix: 'RR' },
  purchase_receive: {
    plural: 'purchasereceives',
    id: 'receive_id',
    number: 'receive_number',
    prefix: 'PR',
    party: 'vendor',
  },
  vendor_credit: {
    plural: 'vendorcredits',
    id: 'vendor_credit_id',
    number: 'vendor_credit_number',
    prefix: 'DN',
    party: 'vendor',
  },
  transfer_order: {
    plural: 'transferorders',
    id: 'transfer_order_id',
    number: 'transfer_order_number',
    prefix: 'TO',
  },
  bundle: { plural: 'bundles', id: 'bundle_id', number: 'transaction_number', prefix: 'WO' },
};
