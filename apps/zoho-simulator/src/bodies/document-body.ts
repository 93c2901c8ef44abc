import type { Document } from '../organisation/documents';
import type { Organisation } from '../organisation/organisation';
import { adjustmentBody } from './adjustment-body';
import { billBody } from './bill-body';
import { invoiceBody } from './invoice-body';
import { salesOrderBody } from './sales-order-body';

/** The whole document under its root key, as Zoho's default webhook payload has it. */
export const documentBody = (organisation: Organisation, document: Document): Record<string, object> => {
  switch (document.type) {
    case 'invoice':
      return { invoice: invoiceBody(organisation, document) };
    case 'bill':
      return { bill: billBody(organisation, document) };
    case 'salesorder':
      return { salesorder: salesOrderBody(organisation, document) };
    case 'inventory_adjustment':
      return { inventory_adjustment: adjustmentBody(organisation, document) };
  }
};
