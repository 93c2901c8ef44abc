import type { DocumentType } from '@tallystream/contracts';

/** Webhook bodies in Zoho's shapes, as full of other things as they are; all of it invented. */
export type Json = Record<string, unknown>;

export const MAIN = '2646610000000077024';
export const SOUTH = '2646610000000077088';
export const BRANCH = '2646610000000077999';
export const PEN = '2646610000000109854';
export const INK = '2646610000000109861';
export const BOX = '2646610000000109877';
export const CREATED = '2026-01-05T06:00:00Z';
export const MODIFIED = '2026-01-07T10:31:02Z';

export const line = (change: Json = {}): Json => ({
  line_item_id: '2646610000012345680',
  item_id: PEN,
  name: 'قلم حبر أزرق',
  sku: 'PEN-01',
  item_type: 'inventory',
  product_type: 'goods',
  warehouse_id: MAIN,
  warehouse_name: 'Main WareHouse',
  quantity: 3,
  rate: 2.5,
  ...change,
});

const times = { created_time: '2026-01-05T09:00:00+0300', last_modified_time: '2026-01-07T13:31:02+0300' };

const fulfilled: Json = {
  quantity: 10,
  quantity_packed: 6,
  quantity_shipped: '2',
  quantity_delivered: 1,
  quantity_invoiced: 4,
  quantity_invoiced_cancelled: 9,
  quantity_cancelled: 1,
  quantity_returned: 9,
  quantity_backordered: 9,
  quantity_dropshipped: '',
  quantity_manuallyfulfilled: 0.5,
};

/** One whole document of each type, without its root key. */
export const payloads: { readonly [T in DocumentType]: Json } = {
  salesorder: {
    salesorder_id: '2646610000032345678',
    salesorder_number: 'SO-9',
    status: 'confirmed',
    order_status: 'open',
    ...times,
    line_items: [line(fulfilled)],
  },
  invoice: {
    invoice_id: '2646610000012345678',
    invoice_number: 'INV-000123',
    status: 'sent',
    status_formatted: 'مرسلة',
    date: '2026-01-07',
    customer_name: 'شركة النور للتجارة',
    contact_persons_associated: [{ first_name: 'Layla', contact_person_email: 'layla@example.com' }],
    location_id: BRANCH,
    location_name: 'Head Office',
    ...times,
    reference_number: ' ',
    total: 250,
    total_formatted: '250.00',
    line_items: [line({ stock_on_hand: 12, warehouse_stock_on_hand: '' })],
  },
  package: {
    package_id: '2646610000052345678',
    package_number: 'PA-7',
    date: '2026-01-07',
    salesorder_id: '2646610000032345678',
    total_quantity: 3,
    shipment_order: { shipment_id: '2646610000052345699', status: 'shipped', carrier: 'Aramex' },
    ...times,
    line_items: [line({ so_line_item_id: '2646610000012345681' })],
  },
  creditnote: {
    creditnote_id: '2646610000062345678',
    creditnote_number: 'CN-29',
    status: 'open',
    location_id: BRANCH,
    created_time: times.created_time,
    updated_time: times.last_modified_time,
    line_items: [line({ is_returned_to_stock: true, invoice_item_id: '2646610000012345680' })],
  },
  salesreturnreceive: {
    receive_id: '2646610000072345678',
    receive_number: 'RR-2',
    salesreturn_id: '2646610000072345600',
    date: '2026-01-07',
    ...times,
    line_items: [line({ salesorder_item_id: '2646610000012345681' })],
  },
  bill: {
    bill_id: '2646610000022345678',
    bill_number: 'BILL-77',
    status: 'Partially Paid',
    ...times,
    payments: [{ payment_id: '2646610000022345600', amount: 25 }],
    line_items: [line({ quantity: '10.25', receive_item_id: '2646610000012345684' })],
  },
  purchase_receive: {
    receive_id: '2646610000082345678',
    receive_number: 'PR-2',
    purchaseorder_id: '2646610000082345600',
    ...times,
    line_items: [line({ batches: [{ batch_number: 'B-1', in_quantity: 3 }] })],
  },
  vendor_credit: {
    vendor_credit_id: '2646610000092345678',
    vendor_credit_number: 'DN-2',
    status: 'open',
    location_id: BRANCH,
    ...times,
    bills_credited: [{ bill_id: '2646610000022345678', amount: 13 }],
    // Zoho's own sample has one object instead of a list.
    line_items: line({ stock_on_hand: '' }),
  },
  inventory_adjustment: {
    inventory_adjustment_id: '2646610000042345678',
    reference_number: 'ADJ-4',
    adjustment_type: 'quantity',
    reason: 'Damaged goods',
    ...times,
    line_items: [line({ quantity: undefined, quantity_adjusted: -2 })],
  },
  transfer_order: {
    transfer_order_id: '2646610000102345678',
    transfer_order_number: 'TO-1',
    from_location_id: MAIN,
    to_location_id: SOUTH,
    is_intransit_order: true,
    ...times,
    line_items: [line({ warehouse_id: undefined, quantity: undefined, quantity_transfer: 3 })],
  },
  bundle: {
    bundle_id: '2646610000112345678',
    transaction_number: 'WO-1',
    reference_number: 'REF-5',
    composite_item_id: BOX,
    composite_item_sku: 'BOX-12',
    quantity_to_bundle: 2,
    status: 'completed',
    warehouse_id: MAIN,
    location_id: BRANCH,
    ...times,
    line_items: [
      line({ quantity: undefined, quantity_consumed: '0.1' }),
      line({ item_id: INK, sku: '', quantity: undefined, quantity_consumed: 12 }),
    ],
  },
};

/** The body of a webhook: a document of the type, changed, under its root key. */
export const body = (type: DocumentType, change: Json = {}): Json => ({
  [type]: { ...payloads[type], ...change },
});
