import type { DocumentType } from './documents';

/** How Zoho's REST names documents of a type: in paths and as the root of a list, and their id and number. */
export type DocumentKind = Readonly<{ plural: string; id: string; number: string }>;

export const documentKinds: Readonly<Record<DocumentType, DocumentKind>> = {
  invoice: { plural: 'invoices', id: 'invoice_id', number: 'invoice_number' },
  bill: { plural: 'bills', id: 'bill_id', number: 'bill_number' },
  salesorder: { plural: 'salesorders', id: 'salesorder_id', number: 'salesorder_number' },
  inventory_adjustment: {
    plural: 'inventoryadjustments',
    id: 'inventory_adjustment_id',
    number: 'reference_number',
  },
};
