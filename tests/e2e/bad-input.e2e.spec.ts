import { eventually } from '@tallystream/testing';
import { removeData, startNats, temporaryData } from '../../deploy/local/servers';
import { invoiceBody, postWebhook, type System, startProcess, startSystem } from './system';

const MIB = 1024 * 1024;

describe('bad input at the door', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem();
  }, 60_000);
  afterAll(() => system?.stop());

  const lastSequence = async () => {
    const { body } = await system.post('{"contact":{"contact_id":"1"}}');
    return Number(body.id);
  };

  it.each([
    ['a wrong signature', { secret: 'another-secret-of-12' }],
    ['no signature', { signature: '' }],
    ['a signature that is no digest', { signature: 'zzz' }],
  ])('%s: 401, and nothing is stored', async (_given, options) => {
    const before = await lastSequence();
    const answer = await system.post(invoiceBody(3), options);
    expect(answer).toMatchObject({ status: 401, body: { code: 'invalid_signature', status: 401 } });
    expect(await lastSequence()).toBe(before + 1);
  });

  it('a query that was not signed: 401', async () => {
    const answer = await system.post(invoiceBody(3), { path: '/api/webhooks/zoho?event=invoice.voided&x=' });
    expect(answer.status).toBe(401);
  });

  it('a body over 8 MiB: 413; of 8 MiB: taken', async () => {
    expect((await system.post(Buffer.alloc(8 * MIB + 1, ' '))).status).toBe(413);
    const padded = Buffer.concat([Buffer.from('{"contact":{}}'), Buffer.alloc(8 * MIB - 14, ' ')]);
    expect((await system.post(padded)).status).toBe(202);
  });

  it.each([
    ['no JSON', '{"invoice": {', 'not_json'],
    ['nothing at all', '', 'not_json'],
    [
      'an invoice whose quantity is no number',
      invoiceBody(3).replace('"quantity":3', '"quantity":"three"'),
      'bad_field',
    ],
  ])('signed, with %s: 202, kept, and dead with its reason', async (_given, body, reason) => {
    const answer = await system.post(body);
    expect(answer.status).toBe(202);
    await eventually(async () => {
      const entry = await system.get<{ status: string; error: string; body: string }>(
        `/api/debug/webhook-log/${answer.body.id}`,
      );
      expect(entry).toMatchObject({ status: 'dead', body });
      expect(entry.error).toContain(reason);
    });
  });

  it('an unknown entity: 202 and ignored', async () => {
    const answer = await system.post('{"spaceship":{"spaceship_id":"1"}}');
    expect(answer.status).toBe(202);
    await eventually(async () => {
      const entry = await system.get<{ status: string }>(`/api/debug/webhook-log/${answer.body.id}`);
      expect(entry.status).toBe('ignored');
    });
  });

  it.each([
    '/api/stock/a.b',
    '/api/stock/%20',
    `/api/stock/${'9'.repeat(65)}`,
    '/api/stock/1?warehouse=*',
    '/api/balances?limit=-1',
    '/api/balances?cursor=forged',
    '/api/balances?colour=red',
    '/api/audit/events?from=yesterday',
    '/api/audit/events?document=invoice',
    '/api/audit/events?cursor=W10',
    '/api/debug/webhook-log?status=lost',
    '/api/debug/webhook-log/first',
  ])('GET %s: 400 as a problem document', async (path) => {
    const response = await fetch(system.url + path, { headers: { 'x-api-key': 'e2e-admin-key-0123456789' } });
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(JSON.parse(await response.text())).toMatchObject({ status: 400, code: 'invalid_request' });
  });
});

describe('without a secret', () => {
  it('webhooks are refused; with ZOHO_WEBHOOK_INSECURE=true unreadable ones still are', async () => {
    const closed = await startSystem({ env: { ZOHO_WEBHOOK_SECRET: '' } });
    expect((await closed.post(invoiceBody(1))).status).toBe(401);
    await closed.stop();
    const open = await startSystem({ env: { ZOHO_WEBHOOK_SECRET: '', ZOHO_WEBHOOK_INSECURE: 'true' } });
    expect((await open.post(invoiceBody(1))).status).toBe(202);
    expect(await open.post('{"invoice":')).toMatchObject({ status: 400, body: { code: 'unreadable_body' } });
    await open.stop();
  }, 60_000);
});

describe('while NATS is away', () => {
  it('webhooks get 503 within 5 s, reads go on, and all is well when it comes back', async () => {
    const data = temporaryData();
    const nats = await startNats({ dataDir: data });
    const system = await startSystem({ env: { NATS_URL: nats.url } });
    try {
      await system.post(invoiceBody(3));
      await eventually(async () => {
        const { items } = await system.get<{ items: unknown[] }>('/api/balances');
        expect(items).toHaveLength(1);
      });
      await nats.kill();
      for (let n = 0; n < 2; n += 1) {
        const began = performance.now();
        const answer = await system.post(invoiceBody(5, { version: 10 }));
        expect(answer).toMatchObject({ status: 503, body: { code: 'store_unavailable' } });
        expect(Number(answer.retryAfter)).toBeGreaterThan(0);
        expect(performance.now() - began).toBeLessThan(5_000);
      }
      expect((await system.get<{ items: unknown[] }>('/api/balances')).items).toHaveLength(1);

      await nats.restart();
      await eventually(async () => {
        expect((await system.post(invoiceBody(5, { version: 10 }))).status).toBe(202);
      }, 10_000);
      await eventually(async () => {
        const { items } = await system.get<{ items: { quantities: { onHand: number } }[] }>('/api/balances');
        expect(items[0]?.quantities.onHand).toBe(-5);
      }, 10_000);
    } finally {
      await system.stop();
      await nats.stop();
      removeData(data);
    }
  }, 90_000);
});

describe('a bad environment', () => {
  const good = {
    NATS_URL: 'nats://127.0.0.1:1',
    DATABASE_URL: 'postgres://127.0.0.1:1/none',
    REDIS_URL: 'redis://127.0.0.1:1',
    SALES_WAREHOUSE_ID: '1',
  };
  it.each([
    ['PORT', 'many'],
    ['NATS_URL', 'localhost'],
    ['NATS_URL', ''],
    ['DATABASE_URL', 'mysql://127.0.0.1/x'],
    ['API_KEYS', 'shop:boss:0123456789abcdef'],
    ['NAMESPACE', 'Up Down'],
  ])('%s=%s: one clear line and exit code 1', async (name, value) => {
    const child = startProcess('standalone', { ...good, [name]: value });
    await child.kill('SIGCONT');
    expect(child.child.exitCode).toBe(1);
    expect(child.output().trim().split('\n')).toHaveLength(1);
    expect(child.output()).toMatch(new RegExp(`^${name} .+; for example ${name}=`));
  });

  it('starts while no server is there, and says what is missing', async () => {
    const port = 21_000 + Math.floor(Math.random() * 9_000);
    const child = startProcess('standalone', { ...good, PORT: String(port), LOG_LEVEL: 'silent' });
    const url = `http://127.0.0.1:${port}`;
    await eventually(async () => {
      expect((await fetch(`${url}/health/live`)).status).toBe(200);
    });
    expect((await fetch(`${url}/health/ready`)).status).toBe(503);
    await child.kill('SIGTERM');
    expect(await postWebhook(url, '{}', {}).catch(() => 'gone')).toBe('gone');
  }, 30_000);
});
