import { instantFrom, instantSchema, streamSeq } from '@tallystream/contracts';
import { fillAuditTrail, settleAuditTrail, testServers } from '@tallystream/testing';
import { encodeCursor } from '../cursor';
import { Database } from '../database';
import { itemId, trails, warehouseId } from '../spec/trail';
import { listDocumentVersions } from './audit-documents';
import { findAuditEvent } from './audit-event';
import type { AuditFilter } from './audit-filter';
import { levelAt, positionAt, stockAt } from './audit-levels';
import { makePartitionsAhead } from './audit-partitions';
import { type AuditPage, listAuditEvents } from './audit-search';

jest.setTimeout(240_000);

// The same at 5 million rows, with times: npm run measure:audit.
const ROWS = 150_000;
const MONTHS = 6;

/** A page, its neighbours and its names; or some blocks, or all of what the busiest item has in an index. */
const FEW = 1_500;
const A_STRETCH = 20_000;

type Plan = Readonly<{
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: readonly Plan[];
}>;

/** Has every statement planned and measured beside being answered. */
class Explained extends Database {
  plans: Plan[] = [];
  override async query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<readonly Row[]> {
    const [explained] = await super.query<{ 'QUERY PLAN': readonly { Plan: Plan }[] }>(
      `EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`,
      parameters,
    );
    const plan = explained?.['QUERY PLAN'][0]?.Plan;
    if (plan) this.plans.push(plan);
    return super.query<Row>(sql, parameters);
  }
}

const nodesOf = (plan: Plan): readonly Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
/** Rows that a node came upon, whether they were wanted or not. */
const touchedBy = (plan: Plan): number =>
  (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops'];

describe(`at ${ROWS} events in ${MONTHS} months`, () => {
  const { fresh, drop } = trails();
  let explained: Explained;

  beforeAll(async () => {
    const database = fresh();
    await database.ready();
    const client = database.dedicatedClient();
    await client.connect();
    const query = (sql: string, parameters?: unknown[]) => client.query(sql, parameters);
    await fillAuditTrail(query, { rows: ROWS, months: MONTHS });
    await settleAuditTrail(query, MONTHS);
    await client.end();
    await makePartitionsAhead(database, instantFrom(Date.UTC(2026, MONTHS, 1)));
    const { databaseUrl: url } = testServers();
    explained = new Explained({ url, schema: database.schema, owner: 'plans', entities: [], migrations: [] });
  });
  beforeEach(() => {
    explained.plans = [];
  });
  afterAll(async () => {
    await explained?.onApplicationShutdown();
    await drop();
  });

  /** Through indexes, and no further than a page needs: nothing is read whole, nothing large is sorted. */
  const expectShortWay = (mostRows: number) => {
    const nodes = explained.plans.flatMap(nodesOf);
    const scans = nodes.filter((node) => node['Relation Name']);
    expect(scans.length).toBeGreaterThan(0);
    expect(scans.filter((node) => node['Node Type'] === 'Seq Scan')).toEqual([]);
    const sorted = nodes.filter((node) => node['Node Type'] === 'Sort').map((node) => node['Actual Rows']);
    expect(sorted.filter((rows) => rows > 5_000)).toEqual([]);
    const touched = scans.map(touchedBy).reduce((sum, rows) => sum + rows, 0);
    expect(touched).toBeLessThan(mostRows);
  };

  const hot = itemId('2646610000000000000');
  const rare = itemId('2646610000000002150');
  const w4 = warehouseId('w4');
  const at = (text: string) => instantSchema.parse(text);
  const oldDay = { from: at('2026-02-10T00:00:00Z'), to: at('2026-02-11T00:00:00Z') };
  const quarter = { from: at('2026-02-01T00:00:00Z'), to: at('2026-05-01T00:00:00Z') };

  it.each<[string, Partial<AuditFilter & AuditPage>, number]>([
    ['nothing', {}, FEW],
    ['a busy item', { item: hot }, FEW],
    ['a quiet item', { item: rare }, FEW],
    ['a warehouse', { warehouse: w4 }, A_STRETCH],
    ['a busy level', { item: hot, warehouse: w4 }, A_STRETCH],
    ['the movements of a level', { item: hot, warehouse: w4, movements: true }, FEW],
    ['a document', { document: { type: 'invoice', id: 'd777' } }, FEW],
    ['a document that is not there', { document: { type: 'invoice', id: 'none' } }, FEW],
    ['a rare reason', { reason: 'reconciliation' }, A_STRETCH],
    ['a reason that is not there', { reason: 'void' }, FEW],
    ['a kind of cause', { cause: { kind: 'drift' } }, A_STRETCH],
    ['a cause', { cause: { kind: 'webhook', id: '777' } }, FEW],
    ['a cause with much', { cause: { kind: 'sync', id: 'run-3' } }, FEW],
    ['an actor', { actor: 'zoho' }, FEW],
    ['an actor who came once', { actor: 'alice' }, A_STRETCH],
    ['a day long ago', oldDay, A_STRETCH],
    ['months', quarter, A_STRETCH],
    ['everything before', { to: at('2026-02-01T00:00:00Z') }, A_STRETCH],
    ['everything after', { from: at('2026-06-20T00:00:00Z') }, A_STRETCH],
    ['the far future', { from: at('2030-01-01T00:00:00Z') }, A_STRETCH],
    ['warehouse and reason', { warehouse: w4, reason: 'adjustment' }, A_STRETCH],
    ['warehouse, reason and months', { warehouse: w4, reason: 'adjustment', ...quarter }, A_STRETCH],
    ['actor and a day long ago', { actor: 'reconciler', ...oldDay }, A_STRETCH],
    ['a busy item and a rare reason', { item: hot, reason: 'adjustment' }, A_STRETCH],
    ['a busy item and a day long ago', { item: hot, ...oldDay }, A_STRETCH],
    ['a busy item and who never touched it', { item: hot, actor: 'nobody' }, A_STRETCH],
    ['a cursor', { warehouse: w4, cursor: encodeCursor([70_000]) }, A_STRETCH],
  ])('events by %s', async (_by, filter, mostRows) => {
    for (const order of ['desc', 'asc'] as const) {
      explained.plans = [];
      await listAuditEvents(explained, { order, limit: 50, ...filter });
      expectShortWay(mostRows);
    }
  });

  it.each<[string, () => Promise<unknown>, number]>([
    ['an event and its neighbours', () => findAuditEvent(explained, streamSeq(77_777)), FEW],
    [
      'the versions of a document',
      () => listDocumentVersions(explained, { type: 'bill', id: 'd7', limit: 50 }),
      FEW,
    ],
    ['a position by time', () => positionAt(explained, { time: oldDay.from }), FEW],
    [
      'a level',
      () =>
        levelAt(
          explained,
          { itemId: hot, warehouseId: w4 },
          { seq: streamSeq(70_000), recordedAt: oldDay.from },
        ),
      FEW,
    ],
    ['a warehouse', () => stockAt(explained, w4, { time: quarter.to }, { limit: 50 }), A_STRETCH],
    [
      'a warehouse at its beginning',
      () => stockAt(explained, w4, { seq: streamSeq(900) }, { limit: 50 }),
      FEW,
    ],
  ])('%s', async (_what, ask, mostRows) => {
    await ask();
    expectShortWay(mostRows);
  });
});
