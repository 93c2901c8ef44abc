import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { namingFor } from '@tallystream/contracts';
import { root } from '../../deploy/local/checkout';
import type { LocalServer } from '../../deploy/local/server-process';
import { startNats, startNatsCluster, startPostgres, startRedis } from '../../deploy/local/servers';
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
  /** Three NATS servers that hold every stream together, instead of one. */
  cluster?: boolean;
  dataDir: string;
  /** What servers and programs say goes there. */
  logDir: string;
  seed: number;
}>;

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
  { layout, cluster = false, dataDir, logDir, seed }: HouseOptions,
  opened: (() => Promise<void>)[],
) => {
  const { replicas, single, doors } = layouts[layout];
  const lines: Line[] = [];
  const lineTo = async (name: string, port: number): Promise<Line> => {
    const line = await openLine(name, { host: '127.0.0.1', port });
    opened.push(() => line.close());
    lines.push(line);
    return line;
  };
  const serverOptions = { dataDir, logDir, quiet: true };
  const up = async (starting: Promise<LocalServer | LocalServer[]>): Promise<readonly LocalServer[]> => {
    const started = [await starting].flat();
    opened.push(async () => void (await Promise.all(started.map((server) => server.stop()))));
    return started;
  };
  const between = async (from: string, to: string, port: number) =>
    (await lineTo(`${from} to ${to}`, port)).port;
  const nats = await up(cluster ? startNatsCluster(serverOptions, between) : startNats(serverOptions));
  const postgres = await up(startPostgres(serverOptions));
  const redis = await up(startRedis(serverOptions));
  const servers = { NATS_URL: nats, DATABASE_URL: postgres, REDIS_URL: redis };
  const urlOf = (all: readonly LocalServer[]) => all.map(({ url }) => url).join(',');

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
    const urls: Record<string, string> = {};
    for (const [variable, all] of Object.entries(servers)) {
      const its = all.filter(({ users }) => layout === 'standalone' || users.includes(app));
      const ways = its.map(async (server) => {
        const line = await lineTo(`${name} to ${server.name}`, server.port);
        return line.by(layout === 'apart' ? server.urlAs(app) : server.url);
      });
      if (its.length > 0) urls[variable] = (await Promise.all(ways)).join(',');
    }
    return urls;
  };
  const wanted = [
    ...single.map((app) => ({ app, name: app })),
    ...replicas.flatMap((app) => [1, 2].map((nth) => ({ app, name: `${app}-${nth}` }))),
  ];
  for (const { app, name } of wanted) {
    const urls = await urlsOf(name, app);
    // Tables belong to the superuser of the local cluster, whom the provisioner alone is.
    if (app === 'provisioner') urls.DATABASE_URL = urlOf(postgres);
    const settings = { ...appEnvironment(toZoho.by(zoho.url)), ...(cluster ? replicated : {}) };
    const program = await start(name, app, { ...settings, ...urls });
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
    servers: { natsUrl: urlOf(nats), databaseUrl: urlOf(postgres), redisUrl: urlOf(redis) },
    /** What keeps its data when the power goes. */
    disks: [...nats, ...postgres],
    members: cluster ? nats.map(({ name }) => name) : [],
    programs: programs as readonly Program[],
    victims: [...nats, ...postgres, ...redis, ...programs] as readonly Victim[],
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

const replicated = { STREAM_REPLICAS: '3' };

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
