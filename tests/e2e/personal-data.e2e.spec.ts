import { streamNames } from '@tallystream/contracts';
import { eventually, natsOptions } from '@tallystream/testing';
import Redis from 'ioredis';
import { connect } from 'nats';
import { everyWebhookHandled } from './every-webhook-handled';
import { openStores, type Stores } from './stores';
import { ITEM, invoiceBody, type PostOptions, type System, startSystem } from './system';

/** Of a customer, in every script that a customer may write: nobody but the inbox may know any of it. */
const person = {
  name: 'Zaynab Quuxley',
  arabic: 'زينب الكوكسلي',
  email: 'zaynab@quuxley.example',
  phone: '+966-50-555-7788',
  street: '77 Quuxley Road',
  city: 'Quuxhausen',
  note: 'please ring twice, said Quuxley',
};
const traces = [...Object.values(person), 'quux', 'زينب', '555-7788', '5557788'];

const address = { attention: person.name, address: person.street, city: person.city, phone: person.phone };
/** Where Zoho and those who set webhooks up by hand put people. */
const ofPerson = {
  customer_id: '2646610000000091777',
  customer_name: person.name,
  company_name: person.arabic,
  email: person.email,
  phone: person.phone,
  mobile: person.phone,
  contact_persons: [person.email],
  contact_persons_associated: [{ first_name: 'Zaynab', last_name: 'Quuxley', email: person.email }],
  contact_person_details: [{ first_name: 'Zaynab', mobile: person.phone }],
  billing_address: address,
  shipping_address: { ...address, zip: '77' },
  vendor_name: person.name,
  notes: person.note,
  terms: person.note,
  reference_number: person.name,
  subject_content: person.note,
  salesperson_name: person.name,
  created_by_name: person.name,
  submitted_by_email: person.email,
  custom_fields: [{ label: 'Deliver to', value: person.name }],
  custom_field_hash: { cf_deliver_to: person.street },
};

type Fields = Record<string, unknown>;
const invoiceOf = (id: string, more: Fields = {}, line: Fields = {}): Fields => {
  const { invoice }: { invoice: Fields } = JSON.parse(invoiceBody(3, { id }));
  const lines = (invoice.line_items as Fields[]).map((one) => ({
    ...one,
    description: person.note,
    header_name: person.name,
    ...line,
  }));
  return { ...invoice, ...ofPerson, line_items: lines, ...more };
};
const json = (fields: Fields): string => JSON.stringify({ invoice: fields });

const webhooks: readonly Readonly<{ what: string; body: string; options?: PostOptions }>[] = [
  { what: 'an invoice as Zoho sends it', body: json(invoiceOf('9001')) },
  {
    what: 'a void',
    body: json(invoiceOf('9001', { status: 'void', last_modified_time: '2027-01-07T10:00:00+0000' })),
  },
  {
    what: 'a form',
    body: new URLSearchParams({ JSONString: json(invoiceOf('9002')) }).toString(),
    options: { contentType: 'application/x-www-form-urlencoded' },
  },
  {
    what: 'a body made by hand',
    body: JSON.stringify({ event_type: 'invoice_created', data: invoiceOf('9003'), sent_by: person.email }),
  },
  { what: 'a quantity that is a name', body: json(invoiceOf('9004', {}, { quantity: person.name })) },
  { what: 'a time that is a note', body: json(invoiceOf('9005', { last_modified_time: person.note })) },
  { what: 'an id that is a name', body: json(invoiceOf(person.name)) },
  { what: 'a status that is a note', body: json(invoiceOf('9006', { status: person.note })) },
  { what: 'an item that is a name', body: json(invoiceOf('9007', {}, { item_id: person.arabic })) },
  { what: 'a field named after a person', body: json(invoiceOf('9008', { [person.name]: person.email })) },
  { what: 'a kind that nobody knows', body: JSON.stringify({ contact: { contact_id: '7', ...ofPerson } }) },
  { what: 'a kind named after a person', body: JSON.stringify({ [person.name]: { id: '7', ...ofPerson } }) },
  { what: 'what is no JSON', body: `{"invoice": {"customer_name": "${person.name}", ` },
  { what: 'no signature', body: json(invoiceOf('9009')), options: { signature: person.name } },
  {
    what: 'headers and an address that name people',
    body: json(invoiceOf('9010')),
    options: { headers: { 'user-agent': 'Quux/1', from: person.email }, query: { customer: person.name } },
  },
];

describe('names, addresses and telephone numbers', () => {
  let system: System;
  let stores: Stores;
  /** Written down wherever something is kept, but for the inbox. */
  const kept = new Map<string, string>();

  beforeAll(async () => {
    // Everything that can be logged is logged.
    system = await startSystem({ env: { LOG_LEVEL: 'trace' } });
    stores = await openStores(system);
    const answers: string[] = [];
    for (const { what, body, options } of webhooks) {
      const answer = await system.post(body, options);
      answers.push(`${what}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    kept.set('answers to webhooks', answers.join('\n'));
    await everyWebhookHandled(system);
    await eventually(async () => expect(await stores.auditCount()).toBeGreaterThan(3));

    for (const [name, text] of await streamsOf(system)) kept.set(name, text);
    const tables = await stores.sql(
      `SELECT table_name AS name FROM information_schema.tables
       WHERE table_schema = '${system.naming.schema}' AND table_type = 'BASE TABLE' ORDER BY 1`,
    );
    for (const { name } of tables) {
      const rows = await stores.sql(`SELECT row::text AS line FROM ${system.naming.schema}.${name} AS row`);
      kept.set(`table ${name}`, rows.map(({ line }) => line).join('\n'));
    }
    kept.set('Redis', await redisOf(system));
    const metrics = await fetch(`${system.url}/metrics`, {
      headers: { authorization: 'Bearer e2e-admin-key-0123456789' },
    });
    kept.set('metrics', await metrics.text());
    const list = await system.ask('/api/debug/webhook-log?limit=100');
    kept.set('the webhook log', JSON.stringify(list.body));
    kept.set('the log', system.output());
  }, 120_000);
  afterAll(async () => {
    await stores?.close();
    await system?.stop();
  });

  it('are in the inbox, whole, and were handled', async () => {
    const inbox = kept.get('ZOHO_INBOX') ?? '';
    for (const trace of [person.name, person.arabic, person.phone, person.street])
      expect(inbox).toContain(trace);
    expect(kept.get('STOCK')).toContain('9001');
    expect(kept.get('the log')).toContain('"level"');
    expect(kept.get('metrics')).toContain('tally_webhooks_total');
    expect(
      (await system.get<{ items: readonly unknown[] }>(`/api/audit/events?item=${ITEM}`)).items.length,
    ).toBeGreaterThan(0);
  });

  it('are nowhere else', () => {
    const found = [...kept].flatMap(([where, text]) =>
      where === 'ZOHO_INBOX' ? [] : linesWith(text).map((line) => `${where}: ${line}`),
    );
    expect(found).toEqual([]);
  });
});

const linesWith = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => traces.some((trace) => line.toLowerCase().includes(trace.toLowerCase())))
    .map((line) => line.slice(0, 300));

/** Every message of every stream: subject, headers, body. */
const streamsOf = async ({ servers, naming }: System): Promise<readonly (readonly [string, string])[]> => {
  const nats = await connect(natsOptions(servers.natsUrl));
  try {
    const { streams } = await nats.jetstreamManager();
    const texts: (readonly [string, string])[] = [];
    for (const name of streamNames) {
      const stream = naming.stream(name);
      const { first_seq: first, last_seq: last } = (await streams.info(stream)).state;
      const lines: string[] = [];
      for (let seq = first; seq <= last; seq += 1) {
        const message = await streams.getMessage(stream, { seq }).catch(() => undefined);
        if (!message) continue;
        const headers = [...(message.header ?? [])].map(
          ([header, values]) => `${header}=${values.join(',')}`,
        );
        lines.push(`${message.subject} ${headers.join(' ')} ${Buffer.from(message.data).toString()}`);
      }
      texts.push([name, lines.join('\n')]);
    }
    return texts;
  } finally {
    await nats.close();
  }
};

const redisOf = async ({ servers, naming }: System): Promise<string> => {
  const redis = new Redis(servers.redisUrl);
  try {
    const lines: string[] = [];
    for (const key of await redis.keys(naming.redisKey('*'))) {
      const kind = await redis.type(key);
      const value =
        kind === 'hash'
          ? JSON.stringify(await redis.hgetall(key))
          : kind === 'string'
            ? await redis.get(key)
            : kind;
      lines.push(`${key} ${value}`);
    }
    return lines.join('\n');
  } finally {
    redis.disconnect();
  }
};
