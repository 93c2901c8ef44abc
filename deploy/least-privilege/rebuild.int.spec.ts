import {
  type Database,
  makeNextVersionsAhead,
  type Rebuildable,
  rebuild,
  type StoreName,
  stores,
} from '@tallystream/projection-store';
import { Client } from 'pg';
import { type LocalServers, removeData, startServers, temporaryData } from '../local/servers';

jest.setTimeout(60_000);

const dataDir = temporaryData();
const SCHEMA = 'tally';
const DENIED = '42501';
let servers: LocalServers;
let owner: Client;

/** Whose a store is, the projections that fill it, and a row that no event has made. */
const cases = [
  [
    'balances',
    'balances',
    ['balances'],
    `INSERT INTO balances (warehouse_id, item_id, on_hand, committed, physical_on_hand, physical_committed, in_transit,
       reserved, provisional, revision, sequence, occurred_at, recorded_at)
     VALUES ('main', 'ghost', 0, 0, 0, 0, 0, 0, false, 1, 1, now(), now())`,
  ],
  [
    'catalogue',
    'balances',
    ['catalogue'],
    `INSERT INTO warehouses VALUES ('ghost', 'Ghost', 'active', false, now(), 1)`,
  ],
  [
    'drift',
    'reconciler',
    ['drift'],
    `INSERT INTO drifts (drift_id, item_id, warehouse_id, side, verdict) VALUES ('ghost', 'pen', 'main', 'accounting', 'held')`,
  ],
  [
    'audit-trail',
    'audit-trail',
    ['audit-trail'],
    `SELECT make_audit_partition('audit_events', '2026-01-01');
     INSERT INTO audit_events (sequence, id, type, ce_type, subject, cause_kind, cause_id, actor, occurred_at,
       recorded_at, data, hash) VALUES (1, 'a', 'b', 'c', 'd', 'e', 'f', 'g', now(), '2026-01-07', '{}', '')`,
  ],
] as const satisfies readonly (readonly [StoreName, string, readonly string[], string])[];

beforeAll(async () => {
  servers = await startServers({ dataDir, quiet: true, only: ['postgres'] });
  owner = new Client({ connectionString: servers.postgres.url, options: `-c search_path=${SCHEMA}` });
  await owner.connect();
  const databases = Object.values(stores).map(({ open }) =>
    open({ url: servers.postgres.url, schema: SCHEMA }),
  );
  await Promise.all(databases.map((database) => database.ready()));
  await Promise.all(databases.map((database) => database.onApplicationShutdown()));
});
afterAll(async () => {
  await owner?.end();
  await servers?.stop();
  removeData(dataDir);
});

const liveOf = (name: StoreName, app: string): Database =>
  stores[name].open({ url: servers.postgres.urlAs(app), schema: SCHEMA });
/** As the provisioner does. */
const makeAhead = async () => {
  const { url } = servers.postgres;
  const database = stores.balances.open({ url, schema: SCHEMA });
  await makeNextVersionsAhead(database, url);
  await database.onApplicationShutdown();
};
const rights = async () =>
  (
    await owner.query(
      `SELECT table_name, grantee, privilege_type FROM information_schema.role_table_grants
       WHERE table_schema = $1 AND table_name NOT LIKE 'audit\\_events\\_%' ORDER BY 1, 2, 3`,
      [SCHEMA],
    )
  ).rows;
const attempt = async (app: string, sql: string): Promise<string | undefined> => {
  const client = new Client({ connectionString: servers.postgres.urlAs(app) });
  await client.connect();
  try {
    await client.query(sql);
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    await client.end();
  }
};

describe('an app that owns no table makes its projection again', () => {
  it.each(cases)('%s, by %s', async (store, app, projections, stray) => {
    await makeAhead();
    await owner.query(stray);
    const before = await rights();
    const live = liveOf(store, app);
    const emptyStream: Rebuildable = {
      store,
      live,
      url: servers.postgres.urlAs(app),
      sources: projections.map((projection) => ({
        fold: { projection, begin: () => ({ write: async () => undefined }) },
        read: async function* () {
          yield { messages: [], pending: 0 };
        },
      })),
    };
    const run = (dryRun: boolean) =>
      rebuild(emptyStream, { dryRun, signal: new AbortController().signal, progress: () => undefined });
    try {
      const found = [expect.objectContaining({ unexpected: 1 })];
      expect(await run(true)).toMatchObject({ isSame: false, swapped: false });
      await makeAhead();
      expect(await run(false)).toMatchObject({ swapped: true, differences: expect.arrayContaining(found) });
      await makeAhead();
      expect(await run(false)).toMatchObject({ swapped: true, isSame: true });
    } finally {
      await live.onApplicationShutdown();
    }
    expect(await rights()).toEqual(before);
  });

  it('waits for who may make tables', async () => {
    await owner.query(`DROP SCHEMA IF EXISTS ${SCHEMA}__next_balances CASCADE`);
    const live = liveOf('balances', 'balances');
    const asked = rebuild(
      { store: 'balances', live, url: servers.postgres.urlAs('balances'), sources: [] },
      { dryRun: true, signal: new AbortController().signal, progress: () => undefined },
    );
    await expect(asked).rejects.toMatchObject({ code: 'store_unavailable' });
    await live.onApplicationShutdown();
  });

  it('and no other one’s', async () => {
    await makeAhead();
    for (const act of ['take_place', 'drop_next_version', 'analyse_next_version']) {
      expect(await attempt('balances', `SELECT ${SCHEMA}__next_audit_trail.${act}()`)).toBe(DENIED);
      expect(await attempt('audit-trail', `SELECT ${SCHEMA}__next_balances.${act}()`)).toBe(DENIED);
    }
  });

  it('what it makes is as hard to change as what is there', async () => {
    await makeAhead();
    for (const sql of ['DELETE FROM', 'TRUNCATE'])
      expect(await attempt('audit-trail', `${sql} ${SCHEMA}__next_audit_trail.audit_events`)).toBe(DENIED);
  });
});
