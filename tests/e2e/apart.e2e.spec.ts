import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { eventually } from '@tallystream/testing';
import Redis from 'ioredis';
import { freePort } from '../../deploy/local/free-port';
import { type LocalServers, removeData, startServers, temporaryData } from '../../deploy/local/servers';
import { ADMIN_KEY, type Api, apiAt } from './api';
import { containerOf } from './containers';
import { askForRun, ended } from './runs';
import { controlOf } from './simulator';
import { ITEM, postWebhook, SALES_WAREHOUSE, WEBHOOK_SECRET } from './system';

jest.setTimeout(180_000);

const root = path.join(__dirname, '../..');
const apps = ['ingress', 'balances', 'stock-cache', 'audit-trail', 'reconciler', 'operations'] as const;
type Service = App | 'provisioner' | 'zoho-simulator';
type App = (typeof apps)[number];
type Page<T> = Readonly<{ items: readonly T[] }>;
type Balance = Readonly<{ quantities: Readonly<Record<'onHand' | 'committed', number>> }>;

/** As long as Compose waits before it kills, less a margin: see stop_grace_period. */
const STOP_MS = 10_000;

type Started = Readonly<{
  process: ChildProcess;
  /** Whether the health check of its container says that it is well. */
  isHealthy: () => Promise<boolean>;
}>;

/** Every app a process of its own, by the commands, variables, users and health checks of docker-compose.yml. */
describe('apps that run apart, each under its own users', () => {
  const dataDir = temporaryData();
  const started = new Map<Service, Started>();
  const output: string[] = [];
  const api = new Map<App, Api>();
  const ports = new Map<Service, number>();
  let servers: LocalServers;
  let simulator: ReturnType<typeof controlOf>;

  const at = (app: App): Api => {
    const found = api.get(app);
    if (!found) throw new Error(`${app} was not started`);
    return found;
  };
  /** What somebody would set in .env, and what differs outside of Docker. */
  const place = () => {
    const address = (service: Service) => [`${service}:3000`, `127.0.0.1:${portOf(service)}`];
    const { nats, postgres, redis } = servers;
    return {
      variables: {
        ...Object.fromEntries(apps.map((app) => [passwordVariable(app), new URL(nats.urlAs(app)).password])),
        ...Object.fromEntries(
          ['provisioner', 'backup'].map((user) => [
            passwordVariable(user),
            new URL(nats.urlAs(user)).password,
          ]),
        ),
        LOG_LEVEL: 'warn',
        API_KEYS: `e2e:admin:${ADMIN_KEY}`,
        READS_PER_MINUTE: '1000000',
        ZOHO_WEBHOOK_SECRET: WEBHOOK_SECRET,
        SALES_WAREHOUSE_ID: SALES_WAREHOUSE,
        SYNC_CRON: '0 0 1 1 *',
        ZOHO_OBSERVE_DELAY_MS: '200',
        ZOHO_RATE_LIMIT_PER_MINUTE: '100000',
        // Whoever finds it holds it, until somebody decides.
        DRIFT_CONFIRM: 'false',
        SIMULATOR_ITEMS: '40',
      },
      addresses: Object.fromEntries([
        ['nats:4222', `127.0.0.1:${nats.port}`],
        ['postgres:5432', `127.0.0.1:${postgres.port}`],
        ['redis:6379', `127.0.0.1:${redis.port}`],
        address('ingress'),
        address('zoho-simulator'),
      ]),
    };
  };
  const portOf = (service: Service): number => {
    const port = ports.get(service);
    if (port === undefined) throw new Error(`${service} has no port`);
    return port;
  };
  const start = (service: Service, more: Readonly<Record<string, string>> = {}): void => {
    const { command, environment, healthCheck } = containerOf(service, place());
    const env = {
      PATH: process.env.PATH,
      ...environment,
      HOST: '127.0.0.1',
      PORT: String(portOf(service)),
      ...more,
    };
    const [program, ...args] = command;
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => output.push(`${service}: ${chunk}`));
    const isHealthy = async () => {
      const [asks, ...how] = healthCheck;
      const [code] = await once(spawn(asks, how, { env, stdio: 'ignore' }), 'exit');
      return code === 0;
    };
    started.set(service, { process: child, isHealthy });
  };

  beforeAll(async () => {
    servers = await startServers({ dataDir, quiet: true });
    for (const service of [...apps, 'provisioner', 'zoho-simulator'] as const)
      ports.set(service, await freePort(20_000 + Math.floor(Math.random() * 20_000)));
    for (const app of apps) {
      start(app);
      api.set(app, apiAt(`http://127.0.0.1:${portOf(app)}`));
    }
    // Its volume is a folder of ours.
    start('zoho-simulator', { SIMULATOR_STATE_FILE: path.join(dataDir, 'simulator.jsonl') });
    simulator = controlOf(`http://127.0.0.1:${portOf('zoho-simulator')}`);
    // They wait for who may make what they need, however long it takes to come.
    await eventually(
      async () => expect((await fetch(`${at('balances').url}/health/live`)).status).toBe(200),
      60_000,
    );
    expect(await started.get('balances')?.isHealthy()).toBe(false);
    // Here the owner of the database has a password of its own.
    start('provisioner', { DATABASE_URL: servers.postgres.url });
    for (const [service, { isHealthy }] of started)
      await eventually(async () => expect([service, await isHealthy()]).toEqual([service, true]), 60_000);
  }, 150_000);

  afterAll(async () => {
    await Promise.all(
      [...started.values()].map(async ({ process: child }) => {
        const isThere = child.exitCode === null && child.signalCode === null;
        const gone = isThere ? once(child, 'exit') : undefined;
        child.kill('SIGKILL');
        await gone;
      }),
    );
    await servers?.stop();
    removeData(dataDir);
  });

  const stock = async (): Promise<number | null> =>
    (await at('stock-cache').get<{ stock: number | null }>(`/api/stock/${ITEM}`)).stock;
  const shown = (expected: number) =>
    eventually(async () => {
      expect(await at('stock-cache').get(`/api/stock/${ITEM}`)).toMatchObject({
        stock: expected,
        source: 'cache',
      });
      const { items } = await at('balances').get<Page<Balance>>(
        `/api/balances?item=${ITEM}&warehouse=${SALES_WAREHOUSE}`,
      );
      expect(items.map(({ quantities: { onHand, committed } }) => onHand - committed)).toEqual([expected]);
    }, 30_000);
  const known = async (): Promise<number> => {
    const number = await stock();
    if (number === null) throw new Error('the stock is not known yet');
    return number;
  };

  it('take in the opening stock, book an invoice, and say why the number moved', async () => {
    const before = await eventually(known, 60_000);
    const { document } = await simulator.post<{ document: { invoice: { invoice_id: string } } }>('invoices', {
      itemId: ITEM,
      quantity: 3,
    });
    await shown(before - 3);
    const named = `invoice:${document.invoice.invoice_id}`;
    await eventually(async () => {
      const { items } = await at('audit-trail').get<Page<unknown>>(`/api/audit/events?document=${named}`);
      expect(items.length).toBeGreaterThan(0);
    }, 30_000);
  });

  it('look at what a webhook moved, and sweep: ledger, Postgres, Redis and Zoho agree', async () => {
    const run = await ended(at('reconciler'), await askForRun(at('reconciler'), '/api/sync/stock'), 60_000);
    expect(run).toMatchObject({ status: 'completed', stats: { failed: 0 } });
    const compared = await at('reconciler').get(`/api/zoho/compare?itemIds=${ITEM}`);
    expect(JSON.stringify(compared)).toContain('"agree":true');
    await ended(at('reconciler'), await askForRun(at('reconciler'), '/api/zoho/sync/full', {}), 60_000);
    await at('reconciler').get('/api/zoho/sync/stats');
  });

  it('hold what differs by much, and take it over when somebody says so', async () => {
    const before = await known();
    await simulator.post(`items/${ITEM}/shift`, { onHand: 500, physicalOnHand: 500 });
    // What is still in flight is judged by a later one.
    // What is still in flight is judged by a later one.
    const drifts = await eventually(async () => {
      const sweep = await askForRun(at('reconciler'), '/api/reconciliation/runs', { mode: 'full' });
      await ended(at('reconciler'), sweep, 60_000);
      const { items } = await at('reconciler').get<Page<{ driftId: string }>>(
        `/api/reconciliation/drift?status=open&item=${ITEM}`,
      );
      // Of what people own and of what is on the shelves.
      expect(items).toHaveLength(2);
      return items;
    }, 30_000);
    for (const { driftId } of drifts) {
      const answer = await at('reconciler').ask(`/api/reconciliation/drift/${driftId}/approve`, { body: {} });
      expect(answer.status).toBe(200);
    }
    await shown(before + 500);
  });

  it('set aside what they cannot read', async () => {
    const { status, body } = await postWebhook(at('ingress').url, '{"invoice": {', {});
    expect(status).toBe(202);
    await eventually(async () => {
      expect(await at('ingress').get(`/api/debug/webhook-log/${body.id}`)).toMatchObject({ status: 'dead' });
    }, 30_000);
  });

  it('take a key that another of them made, until it is revoked', async () => {
    const made = await at('reconciler').ask<{ id: string; key: string }>('/api/keys', {
      body: { name: 'books', role: 'auditor' },
    });
    const { id, key } = made.body;
    const statuses = async () =>
      Promise.all([
        at('stock-cache').ask(`/api/stock/${ITEM}`, { key }),
        at('balances').ask('/api/balances', { key }),
        at('audit-trail').ask('/api/audit/events', { key }),
        at('ingress').ask('/api/debug/webhook-log', { key }),
      ]).then((answers) => answers.map(({ status }) => status));
    await eventually(async () => expect(await statuses()).toEqual([200, 200, 200, 403]), 2_000);
    await at('reconciler').ask(`/api/keys/${id}/revoke`, { method: 'POST' });
    await eventually(async () => expect(await statuses()).toEqual([401, 401, 401, 401]), 2_000);
  });

  it('are saved by the tool for it', async () => {
    const { command, environment } = containerOf('backup', place());
    const [program, ...args] = command;
    const folder = path.join(dataDir, 'backup');
    const child = spawn(program, [...args, 'save', folder, '--streams-only'], {
      cwd: root,
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.on('data', (chunk) => output.push(`backup: ${chunk}`));
    const [code] = await once(child, 'exit');
    expect([code, output.filter((line) => line.startsWith('backup: '))]).toEqual([0, []]);
    const manifest = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8'));
    expect(JSON.stringify(manifest.streams)).toContain('"tally_STOCK"');
  });

  it.each(['balances', 'catalogue', 'drift', 'audit-trail', 'webhook-arrivals', 'stock-cache'])(
    'make %s again, by the app that owns no table',
    async (name) => {
      const answer = await at('operations').ask(`/api/ops/projections/${name}/rebuild`, { body: {} });
      expect(answer).toMatchObject({
        status: 200,
        body: { status: 'completed', result: { isSame: true, swapped: true } },
      });
      await shown(await known());
    },
  );

  it('can be operated: all stores are compared, webhooks counted that are lacking, and a dead letter put back', async () => {
    const operate = async <T>(what: string, body: object) =>
      (await at('operations').ask<T>(`/api/ops/${what}`, { body })).body;
    const verified = await operate<{ checks: readonly object[] }>('verify', {});
    expect(verified).toMatchObject({ ok: true, run: { status: 'completed' } });
    expect(verified.checks).toHaveLength(8);
    const [from, to] = [-1, 1].map((days) => new Date(Date.now() + days * 86_400_000).toISOString());
    expect(await operate('inbox/replay', { from, to })).toMatchObject({ count: 0 });
    const { items } = await at('operations').get<Page<{ id: number }>>('/api/ops/dead-letters?status=open');
    expect(await operate(`dead-letters/${items[0]?.id}/retry`, {})).toMatchObject({ status: 'retried' });
    const until = new Date(Date.now() + 60_000).toISOString();
    expect(await operate('consumers/drift/pause', { until })).toMatchObject({ pausedUntil: until });
    expect(await operate('consumers/drift/resume', {})).toMatchObject({ pausedUntil: null });
  });

  it('nobody was refused anything on the way', async () => {
    const log = (server: string) => readFileSync(path.join(dataDir, 'logs', `${server}.log`), 'utf8');
    // Each asked once whether it may make the streams, which were not there yet.
    const asked = apps.map(
      (app) => `user:${app}" - Publish Violation - Subject "$JS.API.STREAM.CREATE.tally_STOCK"`,
    );
    const refusals = log('nats').match(/^.*violation.*$/gim) ?? [];
    expect(refusals.map((line) => asked.find((each) => line.includes(each)) ?? line).sort()).toEqual(
      asked.sort(),
    );
    expect(log('postgres').match(/^.*(permission denied|row-level security).*$/gim) ?? []).toEqual([]);
    const redis = new Redis(servers.redis.url);
    const refused = await redis.call('ACL', 'LOG').finally(() => redis.disconnect());
    expect(refused).toEqual([]);
  });

  it('end when they are told to, with nothing to complain of', async () => {
    const ends = [...started].map(async ([service, { process: child }]) => {
      const gone = once(child, 'exit', { signal: AbortSignal.timeout(STOP_MS) });
      child.kill('SIGTERM');
      const [code] = await gone.catch(() => ['does not end']);
      return [service, code];
    });
    expect(Object.fromEntries(await Promise.all(ends))).toEqual(
      Object.fromEntries([...started.keys()].map((service) => [service, 0])),
    );
  });
});

const passwordVariable = (service: string): string =>
  `${service.toUpperCase().replaceAll('-', '_')}_PASSWORD`;
