import {
  documentIdSchema,
  instantFrom,
  itemIdSchema,
  type Naming,
  type StockChanged,
  streamNames,
  streamSeq,
} from '@tallystream/contracts';
import type { StockDocument } from '@tallystream/domain';
import { messageAt, provisionStreams, publish } from '@tallystream/jetstream';
import { defaultLedgerSettings, openLedger } from '@tallystream/ledger';
import { freshNaming, testServers } from '@tallystream/testing';
import { type Operations, startOperations } from '../spec/operations-app';
import { openStores, SALES, type Stores } from '../spec/stores';

type Check = Readonly<{
  check: string;
  checked: number;
  broken: number;
  examples: readonly Readonly<{ what: string; seq?: number; level?: object; document?: string }>[];
  trouble?: string;
}>;
type Verified = Readonly<{
  ok: boolean;
  position: number;
  checks: readonly Check[];
  run: { id: string; status: string; done: number; stats: Record<string, number> };
  errors?: { path: string }[];
  code?: string;
}>;

const item = (id: string) => itemIdSchema.parse(id);

describe('verifying', () => {
  let naming: Naming;
  let operations: Operations;
  let stores: Stores;

  beforeEach(async () => {
    naming = freshNaming();
    operations = await startOperations(testServers(), naming.namespace);
    await provisionStreams(operations.connection, naming);
    stores = openStores(testServers(), operations.connection, naming);
    for (let n = 1; n <= 3; n += 1) await sell(`item-${n}`, n);
    await stores.fill();
  });
  afterEach(async () => {
    const { streams } = await operations.connection.manager();
    for (const name of streamNames) await streams.delete(naming.stream(name));
    await stores.close();
    await operations.close();
  });

  const invoice = (id: string, quantity: number): StockDocument => ({
    type: 'invoice',
    id: documentIdSchema.parse(`of-${id}-${quantity}`),
    status: 'sent',
    deleted: false,
    createdAt: instantFrom(Date.UTC(2026, 0, 7)),
    modifiedAt: instantFrom(Date.UTC(2026, 0, 7)),
    lines: [{ itemId: item(id), warehouseId: SALES, quantity }],
  });
  /** Two events: the record of the document, and the level that it moves. */
  const sell = (id: string, quantity: number) =>
    openLedger(operations.connection, naming, defaultLedgerSettings).applyDocument(invoice(id, quantity), {
      kind: 'webhook',
      id: '1',
      actor: 'zoho',
    });
  const verify = async (body: object = {}) => (await operations.ask<Verified>('verify', { body })).body;
  /** What is broken, in words. */
  const broken = async (scope?: string) =>
    (await verify(scope ? { scope } : {})).checks.flatMap(({ check, examples }) =>
      examples.map(({ what, seq, level }) => ({ check, what, seq, level })),
    );
  const level = (id: string) => ({ itemId: id, warehouseId: SALES });
  const sql = (statement: string) => stores.balances.query(statement);
  const falsify = async (statement: string) => {
    await sql('ALTER TABLE audit_events DISABLE TRIGGER ALL');
    await sql(statement);
  };
  const commit = async (seq: number, change: (event: StockChanged) => StockChanged) => {
    const { connection } = operations;
    const message = await messageAt(connection, naming.stream('STOCK'), streamSeq(seq));
    if (!message) throw new Error('no such event');
    const data = Buffer.from(JSON.stringify(change(JSON.parse(Buffer.from(message.data).toString()))));
    await publish(connection, {
      subject: message.subject,
      headers: { 'ce-type': message.header('ce-type') ?? '' },
      data,
    });
  };

  it.each([
    [{ scope: 'redis' }, 400, 'scope'],
    [{ fix: 'yes' }, 400, 'fix'],
    [{ deep: true }, 400, 'deep'],
  ])('of %j is refused', async (body, status, field) => {
    const answer = await operations.ask<Verified>('verify', { body });
    expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([status, field]);
  });

  it('finds nothing where all is well, and what it found can be read later', async () => {
    expect((await operations.ask('verify')).status).toBe(404);
    const verified = await verify();
    expect(verified).toMatchObject({
      ok: true,
      position: 6,
      run: { status: 'completed', done: 6, stats: { broken: 0, ledger: 0, balances: 0 } },
    });
    expect(verified.checks.map(({ check, checked, broken }) => [check, checked, broken])).toEqual([
      ['events', 6, 0],
      ['levels', 3, 0],
      ['documents', 3, 0],
      ['effects', 3, 0],
      ['transfers', 0, 0],
      ['balances', 3, 0],
      ['stock-cache', 3, 0],
      ['audit-trail', 6, 0],
    ]);
    const { body } = await operations.ask<Verified>('verify?scope=balances');
    expect(body).toMatchObject({ ok: true, run: { id: verified.run.id } });
    expect(body.checks.map(({ check }) => check)).toEqual(['balances']);
  });

  it('takes a store that is behind for what it is, and one that has moved on meanwhile', async () => {
    await sell('item-1', 4);
    await sell('item-4', 1);
    expect(await broken()).toEqual([]);
    await sql(`UPDATE balances SET on_hand = 7 WHERE item_id = 'item-1'`);
    expect(await broken('balances')).toEqual([
      { check: 'balances', what: 'onHand is 7, not -1', seq: 2, level: level('item-1') },
    ]);
  });

  it('names a balance that was altered, is gone, is old, or that nobody knows', async () => {
    await sql(`UPDATE balances SET on_hand = 7 WHERE item_id = 'item-1'`);
    await sql(`DELETE FROM balances WHERE item_id = 'item-2'`);
    await sql(`UPDATE balances SET item_id = 'item-9', sequence = 5 WHERE item_id = 'item-3'`);
    expect(await broken('balances')).toEqual([
      { check: 'balances', what: 'onHand is 7, not -1', seq: 2, level: level('item-1') },
      {
        check: 'balances',
        what: 'it is there by event 5, and the ledger has no such level',
        seq: 5,
        level: level('item-9'),
      },
      { check: 'balances', what: 'it is not there', seq: 4, level: level('item-2') },
      { check: 'balances', what: 'it is not there', seq: 6, level: level('item-3') },
    ]);
  });

  it('names what the cache says otherwise, by whichever key', async () => {
    await stores.redis.set(naming.stockKey(item('item-1')), 99);
    await stores.redis.hset(naming.levelStockKey(item('item-2'), SALES), 'onHand', 99);
    await stores.redis.del(naming.redisKey('stock-cache:level:item-3:main'));
    const found = (await broken('stock-cache')).map((one) => [Object.values(one.level ?? {})[0], one.what]);
    expect(found.sort()).toEqual([
      ['item-1', 'the number says something else than the level'],
      ['item-2', 'the hash says something else than the level'],
      ['item-3', 'it is not there'],
      ['item-3', 'the hash says something else than the level'],
    ]);
  });

  it('says of a cache that is empty that it could not be checked', async () => {
    await stores.redis.del(naming.redisKey('stock-cache:checkpoint'));
    const { ok, checks, run } = await verify({ scope: 'stock-cache' });
    expect([ok, checks[0]?.trouble, run.stats]).toEqual([false, 'the cache is being filled', { broken: 0 }]);
  });

  it('names a row of the trail that was altered, is gone, or is of no event', async () => {
    await falsify(`UPDATE audit_events SET actor = 'somebody' WHERE sequence = 2`);
    await falsify('DELETE FROM audit_events WHERE sequence = 3');
    await falsify('UPDATE audit_events SET sequence = 77 WHERE sequence = 6');
    expect((await broken('audit-trail')).map(({ seq, what }) => [seq, what])).toEqual([
      [2, 'the row is not as the event'],
      [3, 'the event has no row'],
      [6, 'the event has no row'],
      [77, 'the row is behind the end of the ledger'],
    ]);
  });

  it('names what is broken in the ledger itself', async () => {
    await commit(6, (event) => ({ ...event, revision: 3 }));
    const [first] = await broken('ledger');
    expect(first).toEqual({
      check: 'levels',
      what: 'revision 3 follows revision 1',
      seq: 7,
      level: level('item-3'),
    });
    expect((await verify({ scope: 'ledger' })).ok).toBe(false);
  });
});
