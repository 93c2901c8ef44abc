import { contactAt, customers, vendors } from '../organisation/contacts';
import type { CreditNote, VendorCredit } from '../organisation/documents';
import type { Organisation } from '../organisation/organisation';
import { customerBody, headerBody, totals, vendorBody } from './header-body';
import { tradeLine } from './line-body';

export const creditNoteBody = (organisation: Organisation, note: CreditNote) => ({
  creditnote_id: note.id,
  creditnote_number: note.number,
  ...headerBody(note),
  ...customerBody(contactAt(customers, note.contact)),
  line_items: note.lines.map((line, index) => ({
    ...tradeLine(organisation, note, line, index),
    invoice_id: '',
    invoice_item_id: '',
    is_item_shipped: true,
    is_returned_to_stock: true,
    salesreturn_item_id: '',
  })),
  ...totals(organisation, note),
  invoices: [],
  notes: '',
  terms: '',
});

export const vendorCreditBody = (organisation: Organisation, credit: VendorCredit) => ({
  vendor_credit_id: credit.id,
  vendor_credit_number: credit.number,
  ...headerBody(credit),
  ...vendorBody(contactAt(vendors, credit.contact)),
  line_items: credit.lines.map((line, index) => ({
    ...tradeLine(organisation, credit, line, index),
    account_id: '2646610000000034001',
    account_name: 'Inventory Asset',
  })),
  ...totals(organisation, credit),
  total_credits_used: 0,
  total_refunded_amount: 0,
  bills_credited: [],
  vendor_credit_refunds: [],
  notes: '',
});
