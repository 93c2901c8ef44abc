import { zohoDate, zohoDateFormatted } from '../clock';
import { contactAt, customers } from '../organisation/contacts';
import type { Invoice } from '../organisation/documents';
import { findDocument, type Organisation } from '../organisation/organisation';
import { customerBody, headerBody, totals } from './header-body';
import { stockFields, tradeLine } from './line-body';

const DUE_AFTER_SECONDS = 15 * 86_400;

export const invoiceBody = (organisation: Organisation, invoice: Invoice) => {
  const order = findDocument(organisation, 'salesorder', invoice.orderId ?? '');
  const due = invoice.createdAt + DUE_AFTER_SECONDS;
  return {
    invoice_id: invoice.id,
    invoice_number: invoice.number,
    ...headerBody(invoice),
    payment_terms: 15,
    payment_terms_label: 'Net 15',
    due_date: zohoDate(due),
    due_date_formatted: zohoDateFormatted(due),
    ...customerBody(contactAt(customers, invoice.contact)),
    salesorder_id: order?.id ?? '',
    salesorder_number: order?.number ?? '',
    salesorders: order ? [{ salesorder_id: order.id, salesorder_number: order.number }] : [],
    salesperson_id: '',
    salesperson_name: '',
    line_items: invoice.lines.map((line, index) => ({
      ...tradeLine(organisation, invoice, line, index),
      salesorder_item_id: line.orderLineId ?? '',
      ...stockFields(organisation, line),
    })),
    ...totals(organisation, invoice),
    payment_made: 0,
    credits_applied: 0,
    write_off_amount: 0,
    allow_partial_payments: false,
    is_emailed: invoice.status !== 'draft',
    notes: 'Thank you for your business. شكرًا لتعاملكم معنا.',
    terms: '',
    template_name: 'Standard Template',
    attachment_name: '',
  };
};
