import { randomBytes } from 'node:crypto';
import { ensureBuilt } from '../../../deploy/local/build';
import { startServers } from '../../../deploy/local/servers';
import { readJson, startApp } from '../app';
import { type Bench, compare, interleaved, type Row, VoidRun } from '../bench';
import { serverVersions } from '../server-versions';
import { bareMinimum, type Minimum, ORGANIZATION } from './bare-minimum';

const ITEMS = 2_218;
/** The simulator's services, one item in 25, have no stock. */
const TRACKED = ITEMS - Math.floor(ITEMS / 25);
const LEVELS = 3 * TRACKED;
const GOAL = { calls: 40, seconds: 60 };
const CALLS_A_MINUTE = 100;
/** The first hundred calls at once, each further hundred a minute later. */
const ONE_BY_ONE: Minimum = { calls: ITEMS, seconds: Math.floor((ITEMS - 1) / CALLS_A_MINUTE) * 60 };
const API_KEY = 'bench-admin-key-0123456789';

type Measured = Readonly<{ opening: Minimum; again: Minimum; minimum: Minimum }>;

/** A full sync within Zoho's limits: of an empty ledger, and once more; beside the fewest calls there can be. */
export const sync: Bench = async ({ rounds, dataDir, say }) => {
  const programs = { simulator: await ensureBuilt('zoho-simulator'), app: await ensureBuilt('standalone') };
  const servers = await startServers({ dataDir });
  try {
    const results = await interleaved<Measured>(
      { sync: () => round(programs, servers.env) },
      { rounds, say },
    );
    const row = (what: string, mine: 'opening' | 'again', unit: 'calls' | 'seconds', floor?: string): Row =>
      compare(
        { what, unit, floor: floor ?? 'fewest calls there can be', ...(floor ? {} : { most: GOAL[unit] }) },
        results('sync').map((measured) => measured[mine][unit]),
        results('sync').map(({ minimum }) => (floor ? ONE_BY_ONE : minimum)[unit]),
      );
    const first = `first sync of ${ITEMS.toLocaleString('en-US')} items in 3 warehouses`;
    const again = 'the same once more, with nothing changed';
    return {
      rows: [
        row(first, 'opening', 'calls'),
        row(first, 'opening', 'calls', 'one call per item'),
        row(first, 'opening', 'seconds'),
        row(first, 'opening', 'seconds', 'one call per item'),
        row(again, 'again', 'calls'),
        row(again, 'again', 'seconds'),
      ],
      notes: [
        `each round begins with an empty ledger, a Zoho of its own and its whole budget: ${CALLS_A_MINUTE} calls a minute, 2,000 a day, 10 at once; calls are those that Zoho counted`,
        `fewest calls there can be: a plain program that lists by 200 and reads details by 100, one call after the other, and keeps nothing; the system also asks for the warehouses, and for ${TRACKED.toLocaleString('en-US')} items with stock page by page, so that a crash repeats no more than one`,
        `a sync stores ${TRACKED.toLocaleString('en-US')} snapshots and sets ${LEVELS.toLocaleString('en-US')} levels; all of it is in Postgres when the round ends`,
        'one call per item: not run, but reckoned from the limit of calls a minute; the simulator answers faster than Zoho, so seconds are those of our own work and its limits',
      ],
      versions: await serverVersions({ natsUrl: servers.nats.url, databaseUrl: servers.postgres.url }),
    };
  } finally {
    await servers.stop();
  }
};

type Programs = Readonly<{ simulator: string; app: string }>;

const round = async (programs: Programs, urls: Readonly<Record<string, string>>): Promise<Measured> => {
  const zoho = await startApp(
    programs.simulator,
    { SIMULATOR_ITEMS: String(ITEMS), SIMULATOR_LIMITS: 'zoho' },
    { health: '/health/ready', isUp: () => true },
  );
  try {
    const app = await startApp(programs.app, appEnvironment(urls, zoho.url), {
      health: '/health/ready',
      isUp: (body) => JSON.parse(body).parts.reconciler.status === 'up',
    });
    try {
      const authorization = `Bearer ${API_KEY}`;
      const opening = await readJson<Run>(`${app.url}/api/sync/runs/opening`, { headers: { authorization } });
      const first = measured(opening, await callsOf(zoho.url), LEVELS);
      await expectAllStored(app.url, authorization);
      const { run } = await readJson<{ run: Run }>(`${app.url}/api/zoho/sync/full`, {
        method: 'POST',
        headers: { authorization },
      });
      const again = measured(run, (await callsOf(zoho.url)) - first.calls, 0);
      await readJson(`${zoho.url}/control/limits/reset`, { method: 'POST' });
      return { opening: first, again, minimum: await bareMinimum(zoho.url, TRACKED) };
    } finally {
      await app.stop();
    }
  } finally {
    await zoho.stop();
  }
};

const appEnvironment = (urls: Readonly<Record<string, string>>, zohoUrl: string) => ({
  ...urls,
  NAMESPACE: `bench_${randomBytes(4).toString('hex')}`,
  LOG_LEVEL: 'warn',
  API_KEYS: `bench:admin:${API_KEY}`,
  ZOHO_WEBHOOK_SECRET: 'bench-webhook-secret',
  SALES_WAREHOUSE_ID: '2646610000000077024',
  ZOHO_API_BASE_URL: zohoUrl,
  ZOHO_ACCOUNTS_URL: zohoUrl,
  ZOHO_CLIENT_ID: 'bench',
  ZOHO_CLIENT_SECRET: 'bench',
  ZOHO_REFRESH_TOKEN: 'bench',
  ZOHO_ORGANIZATION_ID: ORGANIZATION,
  // No other sweep shall come into a round.
  SYNC_CRON: '0 0 1 1 *',
});

type Run = Readonly<{
  status: string;
  startedAt: string;
  finishedAt: string;
  stats: Readonly<{ processed: number; failed: number; levels: number; levelsChanged: number }>;
}>;

const measured = (run: Run, calls: number, changed: number): Minimum => {
  const { processed, failed, levels, levelsChanged } = run.stats;
  const all = [run.status, processed, failed, levels, levelsChanged];
  const expected = ['completed', ITEMS, 0, LEVELS, changed];
  if (all.join() !== expected.join()) throw new VoidRun(`a sync ended as ${all}, not as ${expected}`);
  return { calls, seconds: (Date.parse(run.finishedAt) - Date.parse(run.startedAt)) / 1_000 };
};

const callsOf = async (zohoUrl: string): Promise<number> =>
  (await readJson<{ total: number }>(`${zohoUrl}/control/calls`)).total;

/** What was synced counts when it can be read. */
const expectAllStored = async (url: string, authorization: string): Promise<void> => {
  let rows = 0;
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Readonly<{ items: readonly unknown[]; nextCursor: string | null }> = await readJson(
      `${url}/api/balances?limit=500${cursor ? `&cursor=${cursor}` : ''}`,
      { headers: { authorization } },
    );
    rows += page.items.length;
    cursor = page.nextCursor;
  }
  if (rows !== LEVELS) throw new VoidRun(`${rows} of ${LEVELS} levels lie in Postgres`);
};
