import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { type Naming } from '@tallystream/contracts';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { freePort } from '../../deploy/local/free-port';
import { ADMIN_KEY, apiAt, READER_KEY } from './api';
import { controlOf } from './simulator';

export const SALES_WAREHOUSE = '2646610000000077024';
export const ITEM = '2646610000000109854';
export const WEBHOOK_SECRET = 'e2e-webhook-secret-0123456789';

/** A process of ours, run as a user would run it: the built program, its environment, its output. */
export type AppProcess = Readonly<{
  child: ChildProcess;
  output: () => string;
  kill: (signal: NodeJS.Signals) => Promise<void>;
}>;

export const startProcess = (app: string, env: Readonly<Record<string, string>>): AppProcess => {
  const program = path.join(__dirname, '../../dist/apps', app, 'main.js');
  // Nothing of the outer environment but what a process needs: tests say themselves what is set.
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => chunks.push(String(chunk)));
  const exited = once(child, 'exit');
  return {
    child,
    output: () => chunks.join(''),
    kill: async (signal) => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await exited;
    },
  };
};

export type SystemOptions = Readonly<{
  /** With a simulated Zoho, whose opening stock is in when the system is up. */
  simulator?: Readonly<Record<string, string>>;
  env?: Readonly<Record<string, string>>;
  /** Another NATS than that of this test run. */
  natsUrl?: string;
  /** Do not wait for the opening stock, which may never come. */
  unopened?: boolean;
}>;

const READY_MS = 30_000;
/** As long as a first sync may take, and what it takes to start. */
const OPENED_MS = 80_000;

/** A process of ours with its own port. */
const startReplica = async (app: string, environment: Readonly<Record<string, string>>) => {
  const port = await freePort(20_000 + Math.floor(Math.random() * 10_000));
  return replicaOn(port, app, environment);
};

const replicaOn = (port: number, app: string, environment: Readonly<Record<string, string>>) => {
  const url = `http://127.0.0.1:${port}`;
  const start = () => startProcess(app, { ...environment, PORT: String(port) });
  let main = start();
  const replica = {
    ...apiAt(url),
    /** Signs and posts a body as Zoho does. */
    post: (body: string | Buffer, options: PostOptions = {}) => postWebhook(url, body, options),
    output: () => main.output(),
    pid: () => main.child.pid,
    isAlive: () => main.child.exitCode === null && main.child.signalCode === null,
    health: async () => {
      const response = await fetch(`${url}/health/ready`);
      const body: HealthBody = JSON.parse(await response.text());
      return { isReady: response.status === 200, parts: body.parts };
    },
    /** @param opened waits for the opening stock, too */
    ready: (opened: boolean) =>
      eventually(
        async () => {
          if (main.child.exitCode !== null) throw new Error(`${app} ended:\n${main.output()}`);
          const health = await replica.health();
          if (!health.isReady) throw new Error(`not ready: ${JSON.stringify(health)}`);
          if (opened && health.parts.reconciler?.status !== 'up')
            throw new Error(health.parts.reconciler?.detail);
        },
        opened ? OPENED_MS : READY_MS,
      ),
    kill: (signal: NodeJS.Signals) => main.kill(signal),
    startAgain: () => {
      main = start();
    },
  };
  return replica;
};

type HealthBody = Readonly<{ parts: Record<string, Readonly<{ status: string; detail?: string }>> }>;
export type Replica = ReturnType<typeof replicaOn>;

/** The whole of Tallystream in one process, with a namespace of its own on the servers of this test run. */
export const startSystem = async ({ simulator, env, natsUrl, unopened = false }: SystemOptions = {}) => {
  const servers = { ...testServers(), ...(natsUrl ? { natsUrl } : {}) };
  const naming = freshNaming();
  const port = await freePort(20_000 + Math.floor(Math.random() * 10_000));
  const simulatorPort = await freePort(port + 1);
  const simulatorUrl = `http://127.0.0.1:${simulatorPort}`;
  const environment = {
    NATS_URL: servers.natsUrl,
    DATABASE_URL: servers.databaseUrl,
    REDIS_URL: servers.redisUrl,
    NAMESPACE: naming.namespace,
    LOG_LEVEL: 'warn',
    API_KEYS: `e2e:admin:${ADMIN_KEY},shop:reader:${READER_KEY}`,
    ZOHO_WEBHOOK_SECRET: WEBHOOK_SECRET,
    SALES_WAREHOUSE_ID: SALES_WAREHOUSE,
    // Tests ask more often than people.
    READS_PER_MINUTE: '0',
    // No sweep comes into a test by itself, whatever the time.
    SYNC_CRON: '0 0 1 1 *',
    ...(simulator && {
      ZOHO_API_BASE_URL: simulatorUrl,
      ZOHO_ACCOUNTS_URL: simulatorUrl,
      ZOHO_CLIENT_ID: 'e2e',
      ZOHO_CLIENT_SECRET: 'e2e',
      ZOHO_REFRESH_TOKEN: 'e2e',
      ZOHO_ORGANIZATION_ID: '10234695',
    }),
    ...env,
  };
  const zoho =
    simulator &&
    startProcess('zoho-simulator', {
      PORT: String(simulatorPort),
      ZOHO_WEBHOOK_SECRET: WEBHOOK_SECRET,
      SIMULATOR_WEBHOOK_URL: `http://127.0.0.1:${port}/api/webhooks/zoho`,
      ...simulator,
    });
  const main = replicaOn(port, 'standalone', environment);
  const others: Replica[] = [];
  const opened = simulator !== undefined && !unopened;

  const system = {
    ...main,
    simulatorUrl,
    zoho: controlOf(simulatorUrl),
    naming: naming satisfies Naming,
    servers,
    ready: () => main.ready(opened),
    restart: async () => {
      main.startAgain();
      await main.ready(opened);
    },
    /** One more process beside the first: the same stores, the same Zoho. */
    join: async (more: Readonly<Record<string, string>> = {}) => {
      const replica = await startReplica('standalone', { ...environment, ...more });
      others.push(replica);
      await replica.ready(false);
      return replica;
    },
    stop: async () => {
      await Promise.all([
        ...[main, ...others].map((replica) => replica.kill('SIGTERM')),
        zoho?.kill('SIGTERM'),
      ]);
    },
  };
  try {
    await system.ready();
  } catch (error) {
    await system.stop();
    throw error;
  }
  return system;
};

export type System = Awaited<ReturnType<typeof startSystem>>;

export type PostOptions = Readonly<{
  path?: string;
  query?: Readonly<Record<string, string>>;
  secret?: string;
  contentType?: string;
  signature?: string;
  headers?: Readonly<Record<string, string>>;
}>;

export const postWebhook = async (url: string, body: string | Buffer, options: PostOptions) => {
  const { path: route = '/api/webhooks/zoho', query = {}, secret = WEBHOOK_SECRET } = options;
  const pairs = Object.entries(query).sort(([a], [b]) => (a < b ? -1 : 1));
  const signature = createHmac('sha256', secret)
    .update(pairs.map(([key, value]) => key + value).join(''))
    .update(body)
    .digest('hex');
  const response = await fetch(`${url}${route}?${new URLSearchParams(query)}`, {
    method: 'POST',
    headers: {
      ...options.headers,
      'content-type': options.contentType ?? 'application/json',
      'x-zoho-webhook-signature': options.signature ?? signature,
    },
    body,
  });
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    body: JSON.parse(await response.text()),
  };
};

export type InvoiceOptions = Readonly<{
  id?: string;
  status?: string;
  version?: number;
  item?: string;
  /** Seconds since 1970; absent: after whatever was observed when the tests began. */
  created?: number;
}>;

const started = Math.floor(Date.now() / 1000);

/** An invoice in Zoho's default payload; versions are seconds apart. */
export const invoiceBody = (
  quantity: number,
  { id, status, version = 0, item, created = started + 60 }: InvoiceOptions = {},
): string => {
  const time = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000Z', '+0000');
  return JSON.stringify({
    invoice: {
      invoice_id: id ?? '2646610000012345678',
      invoice_number: 'INV-000123',
      customer_name: 'شركة الأمل للتجارة',
      status: status ?? 'sent',
      created_time: time(created),
      last_modified_time: time(created + version),
      location_id: '2646610000000099999',
      line_items: [
        { item_id: item ?? ITEM, sku: 'PROD-001', quantity, warehouse_id: SALES_WAREHOUSE },
        { item_id: '', name: 'Delivery', quantity: 1, item_type: 'sales' },
      ],
    },
  });
};

export const someId = (): string => `26466${BigInt(`0x${randomBytes(6).toString('hex')}`)}`.slice(0, 19);
