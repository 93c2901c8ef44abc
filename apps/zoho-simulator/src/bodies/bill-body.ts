import { zohoDate, zohoDateFormatted } from '../clock';
import { contactAt, vendors } from '../organisation/contacts';
import type { Bill } from '../organisation/documents';
import type { Organisation } from '../organisation/organisation';
import { headerBody, totals, vendorBody } from './header-body';
import { tradeLine } from './line-body';

const DUE_AFTER_SECONDS = 30 * 86_400;

export const billBody = (organisation: Organisation, bill: Bill) => ({
  bill_id: bill.id,
  bill_number: bill.number,
  ...headerBody(bill),
  payment_terms: 30,
  payment_terms_label: 'Net 30',
  due_date: zohoDate(bill.createdAt + DUE_AFTER_SECONDS),
  due_date_formatted: zohoDateFormatted(bill.createdAt + DUE_AFTER_SECONDS),
  ...vendorBody(contactAt(vendors, bill.contact)),
  purchaseorder_ids: [],
  is_item_level_tax_calc: false,
  line_items: bill.lines.map((line, index) => ({
    ...tradeLine(organisation, bill, line, index),
    account_id: '2646610000000034001',
    account_name: 'Inventory Asset',
    purchaseorder_item_id: '',
    is_billable: false,
  })),
  ...totals(organisation, bill),
  vendor_credits_applied: 0,
  payments: [],
  notes: '',
  terms: '',
});
