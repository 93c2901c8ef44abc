// Books an invoice in the simulated Zoho, which then sends its webhook. For trying things out.
//
//   node docs/examples/book-invoice.js <quantity> [--item ID]       books it and prints its number
//   node docs/examples/book-invoice.js <quantity> --change [NUMBER] gives it another quantity
//   node docs/examples/book-invoice.js --void [NUMBER]              voids it: it gives back what it took
//   node docs/examples/book-invoice.js --resend [NUMBER]            sends its newest webhook once more
//
// Without a NUMBER, such as INV-000001, it is the invoice that was booked last.

const { parseArgs } = require('node:util');
const { runningSystem } = require('./running-system');

const PROD_001 = '2646610000000109854';
const { SIMULATOR_URL } = runningSystem();

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    item: { type: 'string', default: PROD_001 },
    change: { type: 'boolean' },
    void: { type: 'boolean' },
    resend: { type: 'boolean' },
  },
});

async function main() {
  const number = positionals.find((word) => /^[A-Z]+-/.test(word));
  const quantity = Number(positionals.find((word) => word !== number) ?? 3);
  if (values.resend) {
    const { id, number: found } = await invoiceCalled(number);
    const { webhooks } = await post(`documents/invoice/${id}/resend`);
    return say(found, 'sent again', webhooks[0]);
  }
  if (values.void) return booked('voided', await post(`invoices/${(await invoiceCalled(number)).id}/void`));
  if (values.change) {
    const { id } = await invoiceCalled(number);
    return booked(`changed to ${quantity}`, await post(`invoices/${id}`, { quantity }));
  }
  return booked(`booked for ${quantity}`, await post('invoices', { itemId: values.item, quantity }));
}

/** The invoice of that number, or the one that was booked last. */
async function invoiceCalled(number) {
  const query = number === undefined ? '' : `?number=${number}`;
  const { documents } = await ask(`documents/invoice${query}`);
  if (documents.length === 0) throw new Error(`There is no invoice ${number ?? 'yet'}`);
  return documents[0];
}

function booked(what, { document, webhook }) {
  say(document.invoice.invoice_number, what, webhook);
}

function say(number, what, { outcome, status, answer, error }) {
  const heard = status === undefined ? (error ?? '') : `${status} ${answer}`;
  process.stdout.write(`${number} ${what}; webhook ${outcome} ${heard}\n`);
}

const post = (path, body = {}) =>
  ask(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

async function ask(path, init) {
  if (!SIMULATOR_URL) throw new Error('Nothing runs here: npm start first, or set SIMULATOR_URL');
  const response = await fetch(`${SIMULATOR_URL}/control/${path}`, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`The simulator refused: ${text}`);
  return JSON.parse(text);
}

main().catch((error) => {
  process.stderr.write(`${error.cause?.message ?? error.message}\n`);
  process.exitCode = 1;
});
