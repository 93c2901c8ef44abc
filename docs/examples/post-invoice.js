// The whole of Zoho's side by hand: an invoice as JSON under its root key, signed. Zoho itself knows nothing of this
// one, so the next look at its numbers takes the effect back; book-invoice.js makes one that stays.
//
//   node docs/examples/post-invoice.js <quantity> [--void] [--twice]
//
// --void   the invoice is voided: it gives back what it took
// --twice  posts the very same webhook a second time, as Zoho does when it missed our answer

const { createHmac } = require('node:crypto');
const { runningSystem } = require('./running-system');

const [quantity = '3', ...flags] = process.argv.slice(2);
const { TALLY_URL, ZOHO_WEBHOOK_SECRET } = runningSystem();
if (!TALLY_URL || !ZOHO_WEBHOOK_SECRET) {
  process.stderr.write('Nothing runs here: npm start first, or set TALLY_URL and ZOHO_WEBHOOK_SECRET\n');
  process.exit(1);
}

// Zoho writes times to the second, with an offset that has no colon.
const now = new Date().toISOString().replace(/\.\d{3}Z$/, '+0000');

const body = JSON.stringify({
  invoice: {
    invoice_id: '2646610000012345678',
    invoice_number: 'INV-000123',
    status: flags.includes('--void') ? 'void' : 'sent',
    created_time: now,
    last_modified_time: now,
    location_id: '2646610000000077024',
    line_items: [
      {
        item_id: '2646610000000109854',
        sku: 'PROD-001',
        quantity: Number(quantity),
        warehouse_id: '2646610000000077024',
      },
    ],
  },
});

// The string to sign: query pairs sorted by key, key and value joined, then the raw body.
const query = new URLSearchParams({ event: 'invoice.updated', org: '10234695' });
const pairs = [...query].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => key + value);
const signature = createHmac('sha256', ZOHO_WEBHOOK_SECRET).update(pairs.join('')).update(body).digest('hex');

const post = async () => {
  const response = await fetch(`${TALLY_URL}/api/webhooks/zoho?${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-zoho-webhook-signature': signature },
    body,
  });
  process.stdout.write(`${response.status} ${await response.text()}\n`);
};

post().then(() => (flags.includes('--twice') ? post() : undefined));
