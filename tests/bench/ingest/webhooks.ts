import { createHmac } from 'node:crypto';

export const SECRET = 'bench-webhook-secret-0123456789';
const PATH = '/api/webhooks/zoho';
const QUERY = { event: 'invoice.updated', org: '10234695' };
const BODY_BYTES = 11 * 1024;
const ITEMS = 2_000;
/** A document moves this many levels. */
export const LINES = 5;
export const WAREHOUSE = '2646610000000077024';

/** Zoho's id of the document that webhook `n` is about. */
export const documentId = (n: number): string => id(500_000_000 + n);

/** A signed webhook as the bytes of an HTTP request; each `n` is a document of its own. */
export const webhookRequest = (n: number): Buffer => {
  const body = Buffer.from(webhookBody(n));
  const signature = createHmac('sha256', SECRET)
    .update(
      Object.entries(QUERY)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flat()
        .join(''),
    )
    .update(body)
    .digest('hex');
  const head = [
    `POST ${PATH}?${new URLSearchParams(QUERY)} HTTP/1.1`,
    'host: 127.0.0.1',
    'user-agent: ZohoInventory',
    'content-type: application/json',
    `content-length: ${body.length}`,
    `x-zoho-webhook-signature: ${signature}`,
    '',
    '',
  ];
  return Buffer.concat([Buffer.from(head.join('\r\n')), body]);
};

/** An invoice with the weight of Zoho's default payload: most of it is nothing to us. */
export const webhookBody = (n: number): string => {
  const time = new Date(Date.UTC(2026, 0, 7) + n * 1_000).toISOString().replace('.000Z', '+0000');
  const line = (index: number) => ({
    line_item_id: id(700_000_000 + n * LINES + index),
    item_id: id(1_000_000 + ((n * 7_919 + (index * ITEMS) / LINES) % ITEMS)),
    sku: `SKU-${index}`,
    name: 'Thyme honey, 500 g / عسل الزعتر',
    quantity: 1 + (n % 7),
    rate: 12.5,
    item_type: 'inventory',
    warehouse_id: WAREHOUSE,
    tags: [],
    tax_name: 'VAT',
    tax_percentage: 15,
  });
  const document = {
    invoice_id: documentId(n),
    invoice_number: `INV-${n}`,
    status: 'sent',
    created_time: time,
    last_modified_time: time,
    customer_name: 'شركة الأمل للتجارة',
    location_id: '2646610000000099999',
    line_items: Array.from({ length: LINES }, (_, index) => line(index)),
    custom_fields: [] as unknown[],
  };
  const field = (index: number) => ({
    customfield_id: id(900_000_000 + index),
    label: `Field ${index}`,
    value: 'x'.repeat(60),
    show_on_pdf: false,
    is_active: true,
  });
  const without = Buffer.byteLength(JSON.stringify({ invoice: document }));
  const each = Buffer.byteLength(JSON.stringify(field(10))) + 1;
  const fields = Math.max(0, Math.round((BODY_BYTES - without) / each));
  document.custom_fields = Array.from({ length: fields }, (_, index) => field(index));
  return JSON.stringify({ invoice: document });
};

const id = (tail: number): string => `2646610000${String(tail).padStart(9, '0')}`;
