import net from 'node:net';
import { documentIdSchema, instantFrom, itemIdSchema, warehouseIdSchema } from '@tallystream/contracts';
import { openConnection, publish } from '@tallystream/jetstream';
import { openLedger } from '@tallystream/ledger';
import { eventually, testServers } from '@tallystream/testing';
import { freePort } from '../../deploy/local/free-port';
import { removeData, startPostgres, temporaryData } from '../../deploy/local/servers';
import { openStores, type Stores } from './stores';
import { ITEM, invoiceBody, type PostOptions, SALES_WAREHOUSE, type System, startSystem } from './system';

const CAUGHT_UP_WITHIN_MS = 10_000;
const quiet = { info: () => undefined, warn: () => undefined };
const cursorOf = (...key: readonly unknown[]) => Buffer.from(JSON.stringify(key)).toString('base64url');

/** The body of an invoice with something else in it than Zoho would send. */
const changedInvoice = (id: string, change: (invoice: Record<string, unknown>) => void): string => {
  const body: { invoice: Record<string, unknown> } = JSON.parse(invoiceBody(1, { id, item: 'hostile' }));
  change(body.invoice);
  return JSON.stringify(body);
};
const withField = (id: string, field: string, value: unknown) =>
  changedInvoice(id, (invoice) => {
    invoice[field] = value;
  });
const withLineField = (id: string, field: string, value: unknown) =>
  changedInvoice(id, (invoice) => {
    const lines = invoice.line_items as Record<string, unknown>[];
    invoice.line_items = lines.map((line) => ({ ...line, [field]: value }));
  });

describe('hostile input', () => {
  let system: System;
  let stores: Stores;
  beforeAll(async () => {
    system = await startSystem();
    stores = await openStores(system);
  }, 60_000);
  afterAll(async () => {
    await stores?.close();
    await system?.stop();
  });

  const answerTo = async (path: string) => {
    const response = await fetch(system.url + path, { headers: { 'x-api-key': 'e2e-admin-key-0123456789' } });
    return { status: response.status, text: await response.text() };
  };

  it.each([
    ...['sku=%00', 'sku=a%0Ab', 'sku=a%7F', 'item=%00', 'warehouse=%00', 'warehouse=a%0D', 'status=in%00'],
    ...['limit=%00', 'limit=1%0A2', 'sku=a&sku=b', 'sku[a]=b', 'cursor=%00'],
    `cursor=${cursorOf('main', 'pen\u0000')}`,
    `cursor=${cursorOf('main\n', 'pen')}`,
    `cursor=${cursorOf({ a: 1 }, 'pen')}`,
  ])('GET /api/balances?%s: 400', async (query) => {
    expect((await answerTo(`/api/balances?${query}`)).status).toBe(400);
  });

  it.each([
    ...[
      'actor=%00',
      'actor=a%0Ab',
      'item=%00',
      'document=invoice:%00',
      'document=invoice:1%0A',
      'reason=%00',
    ],
    ...['cause=webhook:%00', 'cause=webhook:1%0A2', 'order=%00', 'cursor=%00'],
    ...['from=0000-01-01T00:00:00Z', 'to=0000-12-31T23:59:59Z', 'from=1969-12-31T23:59:59Z'],
    ...['from=%2B010000-01-01T00:00:00Z', 'from=2026-02-30T00:00:00Z', 'from=2026-01-01T00:00:00Z%00'],
    `cursor=${cursorOf('1\u0000')}`,
    `cursor=${cursorOf(2 ** 63)}`,
    `cursor=${cursorOf(null)}`,
  ])('GET /api/audit/events?%s: 400', async (query) => {
    expect((await answerTo(`/api/audit/events?${query}`)).status).toBe(400);
  });

  it.each([
    ...[
      '?entity=%00',
      '?entity=a%0Ab',
      '?status=%00',
      '?from=0000-01-01T00:00:00Z',
      '?to=0000-01-01T00:00:00Z',
    ],
    ...[`?cursor=${cursorOf('1\u0000')}`, `?cursor=${cursorOf(1.5)}`, '?cursor=%00', '?limit=1e9'],
    ...['/%00', '/1%00', '/1%0A', '/-1', '/1e3', '/99999999999999999', '/%20'],
  ])('GET /api/debug/webhook-log%s: 400', async (rest) => {
    expect((await answerTo(`/api/debug/webhook-log${rest}`)).status).toBe(400);
  });

  it.each([
    ['/api/stock/%00', 400],
    ['/api/stock/1?warehouse=%00', 400],
    ['/api/stock/%E0%A4%A', 400],
    ['/api/debug/webhook-log/0', 400],
    ['/api/debug/webhook-log/999999999999999', 404],
    [`/api/debug/webhook-log?cursor=${cursorOf(Number.MIN_SAFE_INTEGER)}`, 200],
    [`/api/audit/events?order=asc&cursor=${cursorOf(Number.MAX_SAFE_INTEGER)}`, 200],
    ['/api/audit/events?from=9999-12-31T23:59:59.999Z&to=1970-01-01T00:00:00Z', 400],
  ])('GET %s: %d', async (path, status) => {
    expect((await answerTo(path)).status).toBe(status);
  });

  const long = 'x'.repeat(5_000);
  type Hostile = readonly [what: string, body: string, status: string, options?: PostOptions];
  const hostile: readonly Hostile[] = [
    ['a NUL in a sku', withLineField('h1', 'sku', 'a\u0000b'), 'applied'],
    ['a sku of 5,000 characters', withLineField('h2', 'sku', long), 'applied'],
    ['a number of 5,000 characters', withField('h3', 'invoice_number', long), 'applied'],
    ['a sku of control characters alone', withLineField('h4', 'sku', '\u0000\u0001\n\r\u007f'), 'applied'],
    ['half a surrogate pair in sku', withLineField('h5', 'sku', 'a\ud83d'), 'applied'],
    ['a pair cut in two by the limit', withField('h6', 'invoice_number', `a${'😀'.repeat(500)}`), 'applied'],
    ['a NUL in the status', withField('h7', 'status', 'sent\u0000'), 'dead'],
    ['an id with a NUL', withField('h8', 'invoice_id', 'h\u00008'), 'dead'],
    ['an item with a NUL', withLineField('h9', 'item_id', 'h\u0000'), 'dead'],
    ['an item that is a wildcard', withLineField('h10', 'item_id', '>'), 'dead'],
    ['a warehouse that is two tokens', withLineField('h11', 'warehouse_id', 'a.b'), 'dead'],
    ['the year 0', withField('h12', 'last_modified_time', '0000-01-01T00:00:00+0000'), 'dead'],
    ['the year 0, as a date', withField('h13', 'last_modified_time', '0000-01-01'), 'dead'],
    ['the year 9999', withField('h14', 'last_modified_time', '9999-12-31T23:59:59+0000'), 'applied'],
    [
      'the year 10000 by its zone',
      withField('h15', 'last_modified_time', '9999-12-31T23:59:59-1200'),
      'dead',
    ],
    ['the last day, as a date', withField('h16', 'last_modified_time', '9999-12-31'), 'dead'],
    ['a creation in the year 9999', withField('h17', 'created_time', '9999-12-31T23:59:59+0000'), 'applied'],
    ['a creation in the year 0', withField('h18', 'created_time', '0000-01-01T00:00:00+0000'), 'dead'],
    ['a line break in org', withField('h19', 'notes', ''), 'applied', { query: { org: '1\r\nX-Forged: 1' } }],
    [
      'a NUL in event',
      withField('h20', 'notes', ''),
      'applied',
      { query: { event: 'invoice.updated\u0000' } },
    ],
    ['a wildcard in event', withField('h21', 'notes', ''), 'applied', { query: { event: 'invoice.>' } }],
    [
      'the URL of an entity that is not known',
      withField('h22', 'notes', ''),
      'ignored',
      { path: '/api/zoho/webhooks/foo' },
    ],
    [
      'a URL with a line break for an entity',
      withField('h23', 'notes', ''),
      'ignored',
      { path: '/api/zoho/webhooks/invoices%0A' },
    ],
  ];

  let sold = 0;
  const cases = hostile.map(([what, body, status, options]) => ({ what, body, status, options }));
  it.each(cases)('an invoice with $what: 202, settled, and the next one moves the number', async (given) => {
    const { body, status, options } = given;
    const answer = await system.post(body, options);
    expect(answer.status).toBe(202);
    await eventually(async () => {
      const entry = await system.get<{ status: string }>(`/api/debug/webhook-log/${answer.body.id}`);
      expect(entry.status).toBe(status);
    });
    sold += 1;
    expect((await system.post(invoiceBody(1, { id: `normal-${sold}` }))).status).toBe(202);
    await eventually(async () => {
      expect(Number((await stores.levelInRedis(ITEM, SALES_WAREHOUSE)).onHand)).toBe(-sold);
      const { items } = await system.get<{ items: unknown[] }>(`/api/balances?item=${ITEM}`);
      expect(items).toMatchObject([{ quantities: { onHand: -sold }, revision: sold }]);
      const audit = await system.get<{ items: unknown[] }>(`/api/audit/events?item=${ITEM}&limit=1`);
      expect(audit.items).toMatchObject([{ after: { onHand: -sold }, revision: sold }]);
    });
  });

  it('has moved the hostile item by those that counted, and nothing else', async () => {
    const counted = hostile.filter(([, , status]) => status === 'applied').length;
    const levels = (await stores.balances()).map((row) => [row.item_id, Number(row.on_hand)]);
    expect(Object.fromEntries(levels)).toEqual({ hostile: -counted, [ITEM]: -sold });
    expect(await stores.auditCount()).toBe(2 * (counted + sold));
  });

  it('left no event that SQL cannot read as JSON', async () => {
    const [row] = await stores.sql(
      'SELECT count(data::jsonb) AS readable, count(*) AS events FROM audit_events',
    );
    expect(row.readable).toBe(row.events);
  });
});

/** A TCP proxy whose connections can be made to swallow everything, and then be cut. */
const startProxy = async (target: URL) => {
  const pairs = new Set<readonly [net.Socket, net.Socket]>();
  const port = await freePort();
  let swallows = false;
  let swallowed = '';
  const server = net.createServer((client) => {
    const upstream = net.connect(Number(target.port), target.hostname);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    client.on('data', (bytes) => {
      if (!swallows) upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (swallows) swallowed += bytes.toString('latin1');
      else client.write(bytes);
    });
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        for (const one of pair) one.destroy();
        pairs.delete(pair);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const cut = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };
  return {
    url: target.href.replace(/:\d+$/, `:${port}`),
    swallow: () => {
      swallows = true;
    },
    /** What came from the server and did not arrive. */
    swallowed: () => swallowed,
    cut: () => {
      swallows = false;
      cut();
    },
    stop: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

describe('a connection to NATS that swallows messages and then breaks', () => {
  it('costs nothing: what was on its way arrives within 10 s of the cut', async () => {
    const { natsUrl } = testServers();
    const proxy = await startProxy(new URL(natsUrl));
    const system = await startSystem({ env: { NATS_URL: proxy.url } });
    const stores = await openStores(system);
    const direct = openConnection({ url: natsUrl, name: 'hostile.e2e' }, quiet);
    await direct.ready();
    const { naming } = system;
    let rounds = 0;
    const sees = (onHand: number, withinMs: number) =>
      eventually(async () => {
        expect(Number((await stores.levelInRedis(ITEM, SALES_WAREHOUSE)).onHand)).toBe(onHand);
        const balances = await stores.balances();
        expect(balances.map((row) => Number(row.on_hand))).toEqual([onHand]);
        expect(await stores.auditCount()).toBe(2 * -onHand);
        const log = await system.get<{ items: { status: string }[] }>('/api/debug/webhook-log');
        expect(log.items.filter(({ status }) => status === 'applied')).toHaveLength(-onHand - rounds);
      }, withinMs);
    try {
      await system.post(invoiceBody(1, { id: 'before' }));
      await sees(-1, 20_000);
      for (rounds = 1; rounds <= 2; rounds += 1) {
        proxy.swallow();
        // One into the ledger, for the projections to miss; one into the inbox, for the translator to miss.
        const now = instantFrom(Math.floor(Date.now() / 1000) * 1000);
        const ledger = openLedger(direct, naming);
        await ledger.applyDocument(
          {
            id: documentIdSchema.parse(`direct-${rounds}`),
            type: 'invoice',
            status: 'sent',
            deleted: false,
            createdAt: now,
            modifiedAt: now,
            lines: [
              {
                itemId: itemIdSchema.parse(ITEM),
                warehouseId: warehouseIdSchema.parse(SALES_WAREHOUSE),
                quantity: 1,
              },
            ],
          },
          { kind: 'api', id: String(rounds), actor: 'e2e' },
        );
        await publish(direct, {
          subject: naming.inboxSubject('invoice', 'updated'),
          headers: {
            'Tally-Entity': 'invoice',
            'Tally-Event': 'updated',
            'Tally-Content-Type': 'application/json',
          },
          data: Buffer.from(invoiceBody(1, { id: `inbox-${rounds}` })),
        });
        await eventually(() => {
          expect(proxy.swallowed()).toContain(`"invoice_id":"inbox-${rounds}"`);
          expect(proxy.swallowed()).toContain(`"id":"direct-${rounds}"`);
        });
        proxy.cut();
        await sees(-1 - 2 * rounds, CAUGHT_UP_WITHIN_MS);
        await eventually(async () => {
          expect((await system.post(invoiceBody(1, { id: 'before' }))).body).toMatchObject({
            duplicate: true,
          });
        });
      }
    } finally {
      await direct.close();
      await stores.close();
      await system.stop();
      await proxy.stop();
    }
  }, 120_000);
});

describe('Postgres killed under webhooks', () => {
  const INVOICES = 120;
  type Health = Readonly<{
    status: string;
    parts: Readonly<Record<string, Readonly<{ status: string; detail?: string; dependencies?: unknown }>>>;
  }>;

  it('none is refused or lost, health says what is missing, and all is caught up within 10 s', async () => {
    const data = temporaryData();
    const postgres = await startPostgres({ dataDir: data, quiet: true });
    const system = await startSystem({ env: { DATABASE_URL: postgres.url } });
    const health = async (): Promise<Health> =>
      JSON.parse(await (await fetch(`${system.url}/health/ready`)).text());
    const post = async (from: number, to: number) => {
      for (let n = from; n < to; n += 1) {
        expect((await system.post(invoiceBody(1, { id: `inv-${n}` }))).status).toBe(202);
      }
    };
    try {
      await post(0, INVOICES / 3);
      const posting = post(INVOICES / 3, (2 * INVOICES) / 3);
      await postgres.kill();
      await posting;
      await post((2 * INVOICES) / 3, INVOICES);
      await eventually(async () => {
        const { status, parts } = await health();
        expect(status).toBe('not ready');
        for (const part of ['balances', 'audit-trail']) {
          expect(parts[part]).toMatchObject({
            status: 'down',
            dependencies: {
              postgres: { status: 'down', error: expect.any(String), since: expect.any(String) },
            },
          });
        }
        expect(parts.stock).toMatchObject({ status: 'degraded', dependencies: { redis: { status: 'up' } } });
        // Taking webhooks in goes on; only the log of them stands still.
        expect(parts.ingress?.status).toBe('degraded');
        expect(parts.ingress?.detail).toMatch(/webhook-(arrivals|outcomes): .*Postgres cannot be reached/);
      }, 30_000);
      // What Redis does not hold, nobody knows now: a read says so, and does not fail.
      expect(await system.get('/api/stock/nothing')).toMatchObject({ stock: null, source: 'unavailable' });

      await postgres.restart();
      const stores = await openStores({
        ...system,
        servers: { ...system.servers, databaseUrl: postgres.url },
      });
      try {
        await eventually(async () => {
          expect((await stores.balances()).map((row) => [Number(row.on_hand), row.revision])).toEqual([
            [-INVOICES, INVOICES],
          ]);
          expect(await stores.auditCount()).toBe(2 * INVOICES);
          expect(Number((await stores.levelInRedis(ITEM, SALES_WAREHOUSE)).onHand)).toBe(-INVOICES);
          const log = await stores.sql(
            'SELECT status, count(*)::integer AS n FROM webhook_log GROUP BY status',
          );
          expect(log).toEqual([{ status: 'applied', n: INVOICES }]);
        }, CAUGHT_UP_WITHIN_MS);
        await eventually(async () => {
          const { status, parts } = await health();
          expect([
            status,
            parts.balances?.status,
            parts['audit-trail']?.status,
            parts.ingress?.status,
          ]).toEqual(['ready', 'up', 'up', 'up']);
        });
      } finally {
        await stores.close();
      }
    } finally {
      await system.stop();
      await postgres.stop();
      removeData(data);
    }
  }, 180_000);
});
