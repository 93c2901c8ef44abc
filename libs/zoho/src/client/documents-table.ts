import { type DocumentType, documentTypes } from '@tallystream/contracts';

/** What Zoho lists, by its root key. The receives of sales returns come inside of these. */
export type ListedDocumentType = Exclude<DocumentType, 'salesreturnreceive'> | 'salesreturn';

type DocumentList = Readonly<{
  path: string;
  /** Where the rows are: `inventory_adjustments`, too, under `/inventoryadjustments`; the first that is there. */
  roots: readonly string[];
  /** Fields that hold the id, the first one that is there. */
  ids: readonly [string, ...string[]];
  number: string;
}>;

/**
 * Both products name them alike; that Books has fewer lists it says itself. Shipment orders are not among them:
 * they move nothing, their packages do.
 */
export const documentLists: { readonly [T in ListedDocumentType]: DocumentList } = {
  bundle: {
    path: 'bundles',
    roots: ['bundles'],
    ids: ['bundle_id'],
    number: 'transaction_number',
  },
  transfer_order: {
    path: 'transferorders',
    roots: ['transfer_orders', 'transferorders'],
    ids: ['transfer_order_id', 'transferorder_id'],
    number: 'transfer_order_number',
  },
  inventory_adjustment: {
    path: 'inventoryadjustments',
    roots: ['inventory_adjustments', 'inventoryadjustments'],
    ids: ['inventory_adjustment_id', 'inventoryadjustment_id'],
    number: 'reference_number',
  },
  vendor_credit: {
    path: 'vendorcredits',
    roots: ['vendor_credits', 'vendorcredits'],
    ids: ['vendor_credit_id', 'vendorcredit_id'],
    number: 'vendor_credit_number',
  },
  purchase_receive: {
    path: 'purchasereceives',
    roots: ['purchasereceives', 'purchase_receives'],
    ids: ['receive_id', 'purchase_receive_id', 'purchasereceive_id'],
    number: 'receive_number',
  },
  salesreturn: {
    path: 'salesreturns',
    roots: ['salesreturns', 'sales_returns'],
    ids: ['salesreturn_id'],
    number: 'salesreturn_number',
  },
  creditnote: {
    path: 'creditnotes',
    roots: ['creditnotes'],
    ids: ['creditnote_id'],
    number: 'creditnote_number',
  },
  package: {
    path: 'packages',
    roots: ['packages'],
    ids: ['package_id'],
    number: 'package_number',
  },
  bill: {
    path: 'bills',
    roots: ['bills'],
    ids: ['bill_id'],
    number: 'bill_number',
  },
  salesorder: {
    path: 'salesorders',
    roots: ['salesorders'],
    ids: ['salesorder_id'],
    number: 'salesorder_number',
  },
  invoice: {
    path: 'invoices',
    roots: ['invoices'],
    ids: ['invoice_id'],
    number: 'invoice_number',
  },
};

export const listedDocumentTypes: readonly ListedDocumentType[] = [
  ...documentTypes.filter((type) => type !== 'salesreturnreceive'),
  'salesreturn',
];
