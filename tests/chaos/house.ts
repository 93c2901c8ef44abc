import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { namingFor } from '@tallystream/contracts';
import { root } from '../../deploy/local/checkout';
import { type LocalServers, startServers } from '../../deploy/local/servers';
import { ADMIN_KEY, apiAt } from '../e2e/api';
import { controlOf } from '../e2e/simulator';
import { SALES_WAREHOUSE, WEBHOOK_SECRET } from '../e2e/system';
import { openFront } from './front';
import { type Line, openLine } from './line';
import { type Program, startProgram, untilReady, type Victim } from './program';

/** Which processes there are: every app twice, each under its own users, or twice the whole in one. */
export type Layout = 'apart' | 'standalone';

const layouts = {
  apart: {
    replicas: ['ingress', 'reconciler', 'balances', 'stock-cache', 'audit-trail'],
    single: ['operations', 'provisioner'],
    doors: { webhooks: 'ingress', sweeps: 'reconciler' },
  },
  standalone: {
    replicas: ['standalone'],
    single: [],
    doors: { webhooks: 'standalone', sweeps: 'standalone' },
  },
} as const;

/** What must have been built. */
export const appsOf = (layout: Layout): readonly string[] => [
  'zoho-simulator',
  ...layouts[layout].single,
  ...layouts[layout].replicas,
];

export type HouseOptions = Readonly<{
  layout: Layout;
  dataDir: string;
  /** What servers and programs say goes there. */
  logDir: string;
  seed: number;
}>;

const servers = ['nats', 'postgres', 'redis'] as const;
const variables = { nats: 'NATS_URL', postgres: 'DATABASE_URL', redis: 'REDIS_URL' } as const;

/** 200 of them with stock. */
const ITEMS = 208;

/** Servers of its own, every app twice, lines between them, and a Zoho that loses, doubles, delays and mixes up. */
export const openHouse = async (options: HouseOptions) => {
  mkdirSync(options.logDir, { recursive: true });
  const opened: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  try {
    return { ...(await furnished(options, opened)), close };
  } catch (error) {
    await close();
    throw error;
  }
};

export type House = Awaited<ReturnType<typeof openHouse>>;

const furnished = async (
  { layout, dataDir, logDir, seed }: HouseOptions,
  opened: (() => Promise<void>)[],
) => {
  const { replicas, single, doors } = layouts[layout];
  const local = await startServers({ dataDir, logDir, quiet: true });
  opened.push(() => local.stop());

  const lines: Line[] = [];
  const lineTo = async (name: string, port: number): Promise<Line> => {
    const line = await openLine(name, { host: '127.0.0.1', port });
    opened.push(() => line.close());
    lines.push(line);
    return line;
  };
  const programs: Program[] = [];
  const start = async (
    name: string,
    app: string,
    env: Readonly<Record<string, string>>,
  ): Promise<Program> => {
    const program = await startProgram({ name, program: programOf(app), env, logDir });
    opened.push(() => program.stop());
    programs.push(program);
    return program;
  };

  // Zoho's port is needed before it starts: its webhooks go to the front, which stands before the ingresses.
  const ingresses: string[] = [];
  const front = await openFront(ingresses);
  opened.push(() => front.close());
  const zoho = await start('zoho-simulator', 'zoho-simulator', {
    ...simulatorEnvironment,
    SIMULATOR_SEED: String(seed),
    SIMULATOR_STATE_FILE: path.join(dataDir, 'zoho.ndjson'),
    SIMULATOR_WEBHOOK_URL: front.url,
  });
  const toZoho = await lineTo('apps to zoho', Number(new URL(zoho.url).port));

  const urlsOf = async (name: string, app: string): Promise<Record<string, string>> => {
    const known = layout === 'apart' ? local.envAs(app) : local.env;
    const its = servers.filter((server) => known[variables[server]] !== undefined);
    const entries = its.map(async (server): Promise<[string, string]> => {
      const line = await lineTo(`${name} to ${server}`, local[server].port);
      return [variables[server], line.by(known[variables[server]] ?? '')];
    });
    return Object.fromEntries(await Promise.all(entries));
  };
  const wanted = [
    ...single.map((app) => ({ app, name: app })),
    ...replicas.flatMap((app) => [1, 2].map((nth) => ({ app, name: `${app}-${nth}` }))),
  ];
  for (const { app, name } of wanted) {
    const urls = await urlsOf(name, app);
    // Tables belong to the superuser of the local cluster, whom the provisioner alone is.
    if (app === 'provisioner') urls.DATABASE_URL = local.postgres.url;
    const program = await start(name, app, { ...appEnvironment(toZoho.by(zoho.url)), ...urls });
    if (app === doors.webhooks) {
      const line = await lineTo(`front to ${name}`, Number(new URL(program.url).port));
      ingresses.push(line.by(program.url));
    }
  }
  await untilReady(programs);

  const reconciler = programs.find(({ name }) => name === `${doors.sweeps}-1`);
  if (!reconciler) throw new Error('nobody sweeps');
  return {
    naming: namingFor('tally'),
    servers: { natsUrl: local.nats.url, databaseUrl: local.postgres.url, redisUrl: local.redis.url },
    local: local satisfies LocalServers,
    programs: programs as readonly Program[],
    victims: [...servers.map((server): Victim => local[server]), ...programs],
    lines: lines as readonly Line[],
    front,
    zoho: controlOf(zoho.url),
    reconciler: apiAt(reconciler.url),
  };
};

const programOf = (app: string): string => path.join(root, 'dist', 'apps', app, 'main.js');

const simulatorEnvironment = {
  ZOHO_WEBHOOK_SECRET: WEBHOOK_SECRET,
  SIMULATOR_ITEMS: String(ITEMS),
  SIMULATOR_WEBHOOK_LOSE: '0.1',
  SIMULATOR_WEBHOOK_DUPLICATE: '0.1',
  SIMULATOR_WEBHOOK_REORDER: '0.1',
  SIMULATOR_WEBHOOK_LATE: '0.1',
  SIMULATOR_WEBHOOK_LATE_SECONDS: '3',
  SIMULATOR_WEBHOOK_CONCURRENCY: '32',
};

const appEnvironment = (zohoUrl: string): Readonly<Record<string, string>> => ({
  LOG_LEVEL: 'info',
  API_KEYS: `chaos:admin:${ADMIN_KEY}`,
  READS_PER_MINUTE: '0',
  ZOHO_WEBHOOK_SECRET: WEBHOOK_SECRET,
  SALES_WAREHOUSE_ID: SALES_WAREHOUSE,
  SYNC_CRON: '* * * * *',
  WATCH_EVERY_SECONDS: '10',
  ZOHO_OBSERVE_DELAY_MS: '1000',
  ZOHO_RATE_LIMIT_PER_MINUTE: '100000',
  ZOHO_DAILY_LIMIT: '10000000',
  DRIFT_CONFIRM_MINUTES: '0',
  DRIFT_MAX_DOCUMENTS: '2000',
  ZOHO_API_BASE_URL: zohoUrl,
  ZOHO_ACCOUNTS_URL: zohoUrl,
  ZOHO_CLIENT_ID: 'chaos',
  ZOHO_CLIENT_SECRET: 'chaos',
  ZOHO_REFRESH_TOKEN: 'chaos',
  ZOHO_ORGANIZATION_ID: '10234695',
});
