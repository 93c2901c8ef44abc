import { allDatabases } from '@tallystream/projection-store';
import { Client } from 'pg';
import { type LocalServers, removeData, startServers, temporaryData } from '../local/servers';

jest.setTimeout(60_000);

const dataDir = temporaryData();
let servers: LocalServers;

beforeAll(async () => {
  servers = await startServers({ dataDir, quiet: true, only: ['postgres'] });
  const databases = allDatabases({ url: servers.postgres.url, schema: 'tally' });
  await Promise.all(databases.map((database) => database.ready()));
  await Promise.all(databases.map((database) => database.onApplicationShutdown()));
});
afterAll(async () => {
  await servers.stop();
  removeData(dataDir);
});

describe('in Postgres', () => {
  /** The server's refusal (SQLSTATE), or how many rows there were. */
  const attempt = async (app: string, sql: string): Promise<string | number | null> => {
    const client = new Client({
      connectionString: servers.postgres.urlAs(app),
      options: '-c search_path=tally',
    });
    await client.connect();
    try {
      return (await client.query(sql)).rowCount;
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : String(error);
    } finally {
      await client.end();
    }
  };
  const DENIED = '42501';
  const apps = ['ingress', 'balances', 'stock-cache', 'audit-trail', 'reconciler', 'operations'];
  const appended = `INSERT INTO audit_events (sequence, id, type, ce_type, subject, cause_kind, cause_id, actor,
    occurred_at, recorded_at, data, hash) VALUES (1, 'a', 'b', 'c', 'd', 'e', 'f', 'g', now(), '2026-01-07', '{}', '')`;

  beforeAll(async () => {
    const owner = new Client({ connectionString: servers.postgres.url, options: '-c search_path=tally' });
    await owner.connect();
    await owner.query(`INSERT INTO projection_checkpoints VALUES ('balances', 7), ('audit-trail', 7)`);
    await owner.end();
  });

  const makesPartition = `SELECT make_audit_partition('audit_events', '2026-01-01')`;

  it('the audit role has partitions made, appends and reads', async () => {
    expect(await attempt('audit-trail', makesPartition)).toBe(1);
    expect(await attempt('audit-trail', appended)).toBe(1);
    expect(await attempt('audit-trail', 'SELECT * FROM audit_events')).toBe(1);
  });

  it.each([
    `UPDATE audit_events SET actor = 'nobody'`,
    'DELETE FROM audit_events',
    'TRUNCATE audit_events',
    `UPDATE audit_events_2026_01 SET actor = 'nobody'`,
    'DELETE FROM audit_events_2026_01',
    'ALTER TABLE audit_events DISABLE TRIGGER ALL',
    'ALTER TABLE audit_events DETACH PARTITION audit_events_2026_01',
    'DROP TABLE audit_events_2026_01',
    'DELETE FROM audit_blocks',
    'ALTER TABLE audit_events OWNER TO tallystream_audit_trail',
    `SET session_replication_role = 'replica'`,
    'CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$',
    'SET ROLE tallystream',
  ])('the audit role is denied: %s', async (sql) => {
    expect(await attempt('audit-trail', sql)).toBe(DENIED);
    expect(await attempt('audit-trail', `SELECT * FROM audit_events WHERE actor = 'g'`)).toBe(1);
  });

  it('operations compares balances and the audit trail with the ledger, and changes neither', async () => {
    for (const sql of ['SELECT * FROM balances', 'SELECT * FROM audit_events'])
      expect([sql, typeof (await attempt('operations', sql))]).toEqual([sql, 'number']);
    for (const sql of [appended, makesPartition, 'DELETE FROM audit_events', 'DELETE FROM balances'])
      expect([sql, await attempt('operations', sql)]).toEqual([sql, DENIED]);
  });

  it.each(apps.filter((app) => app !== 'audit-trail' && app !== 'operations'))(
    '%s has nothing to do with the audit trail',
    async (app) => {
      for (const sql of [appended, makesPartition, 'SELECT * FROM audit_events', 'DELETE FROM audit_events'])
        expect([sql, await attempt(app, sql)]).toEqual([sql, DENIED]);
    },
  );

  it.each([
    ['balances', 'SELECT * FROM webhook_log'],
    ['balances', 'SELECT * FROM drifts'],
    ['balances', 'DELETE FROM balances'],
    ['stock-cache', `UPDATE balances SET on_hand = 1`],
    ['stock-cache', 'SELECT * FROM drifts'],
    ['ingress', 'SELECT * FROM balances'],
    ['audit-trail', 'SELECT * FROM balances'],
    ['audit-trail', `UPDATE items SET name = 'x'`],
    ['reconciler', `UPDATE balances SET on_hand = 1`],
    ['reconciler', `UPDATE webhook_log SET status = 'applied'`],
  ])('%s is denied: %s', async (app, sql) => {
    expect(await attempt(app, sql)).toBe(DENIED);
  });

  it.each(apps)('%s can make nothing', async (app) => {
    for (const sql of [
      'CREATE TABLE mine (a int)',
      'CREATE SCHEMA mine',
      'ALTER TABLE projection_checkpoints DISABLE ROW LEVEL SECURITY',
      'CREATE ROLE mine',
      `INSERT INTO migrations_balances (timestamp, name) VALUES (1, 'x')`,
    ])
      expect([sql, await attempt(app, sql)]).toEqual([sql, DENIED]);
  });

  it('each app moves its own checkpoints, and reads all', async () => {
    const move = (projection: string) =>
      `UPDATE projection_checkpoints SET sequence = sequence + 1 WHERE projection = '${projection}'`;
    expect(await attempt('balances', move('balances'))).toBe(1);
    expect(await attempt('balances', move('audit-trail'))).toBe(0);
    expect(await attempt('audit-trail', move('balances'))).toBe(0);
    expect(await attempt('stock-cache', move('balances'))).toBe(0);
    expect(await attempt('balances', `INSERT INTO projection_checkpoints VALUES ('drift', 1)`)).toBe(DENIED);
    expect(await attempt('balances', `INSERT INTO projection_checkpoints VALUES ('catalogue', 1)`)).toBe(1);
    expect(await attempt('ingress', 'SELECT * FROM projection_checkpoints')).toBe(3);
  });
});
