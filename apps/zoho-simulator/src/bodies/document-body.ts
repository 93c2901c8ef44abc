import type { Organisation, Subject } from '../organisation/organisation';
import { adjustmentBody } from './adjustment-body';
import { billBody } from './bill-body';
import { invoiceBody } from './invoice-body';
import { itemBody } from './item-body';
import { salesOrderBody } from './sales-order-body';

/** The whole document or item under its root key, as Zoho's default webhook payload has it. */
export const documentBody = (organisation: Organisation, document: Subject): Record<string, object> => {
  switch (document.type) {
    case 'invoice':
      return { invoice: invoiceBody(organisation, document) };
    case 'bill':
      return { bill: billBody(organisation, document) };
    case 'salesorder':
      return { salesorder: salesOrderBody(organisation, document) };
    case 'inventory_adjustment':
      return { inventory_adjustment: adjustmentBody(organisation, document) };
    case 'item':
      return { item: itemBody(organisation, document) };
  }
};
