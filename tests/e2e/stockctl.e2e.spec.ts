import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { eventually } from '@tallystream/testing';
import { ADMIN_KEY, READER_KEY } from './api';
import { itemAt } from './simulator';
import { openStores, type Stores } from './stores';
import { ITEM, SALES_WAREHOUSE, type System, startSystem } from './system';

const root = path.join(__dirname, '../..');
const program = ['--require', './tests/typescript-hook.js', 'apps/stockctl/src/main.ts'];

type Ended = Readonly<{ code: number | null; stdout: string; stderr: string }>;
type Letter = Readonly<{ id: number; status: string; sequence: number }>;

/** The command as a process, from the sources: what an operator types. */
const run = async (args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> => {
  const child = spawn(process.execPath, [...program, ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  const [code] = await once(child, 'close');
  return { code, ...said };
};

describe('the command line of an operator, on a night when it matters', () => {
  let system: System;
  let stores: Stores;
  let env: Readonly<Record<string, string>>;

  beforeAll(async () => {
    system = await startSystem({
      simulator: { SIMULATOR_ITEMS: '40' },
      env: { HEALTH_MIN_ITEMS: '10', ZOHO_OBSERVE_DELAY_MS: '-1', ZOHO_RATE_LIMIT_PER_MINUTE: '100000' },
    });
    stores = await openStores(system);
    env = { STOCKCTL_URL: system.url, STOCKCTL_API_KEY: ADMIN_KEY };
  }, 90_000);
  afterAll(async () => {
    await stores?.close();
    await system?.stop();
  });

  const stockctl = (...args: readonly string[]) => run(args, env);
  /** What it says, for people, when all is well. */
  const told = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await stockctl(...args);
    if (code !== 0) throw new Error(`stockctl ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
    return stdout;
  };
  const stockOf = async (item: string): Promise<number> => {
    const { stock } = await system.get<{ stock: number | null }>(`/api/stock/${item}`);
    if (stock === null) throw new Error(`the stock of ${item} is not known`);
    return stock;
  };
  const deadLetters = async (status = 'open'): Promise<readonly Letter[]> =>
    JSON.parse(await told('dead-letters', 'list', '--status', status, '--since', '12h', '--json')).items;

  it('how is it? All is well', async () => {
    const { code, stdout } = await eventually(async () => {
      const status = await stockctl('status');
      if (status.code !== 0) throw new Error(status.stdout);
      return status;
    }, 30_000);
    expect(code).toBe(0);
    for (const part of ['ingress', 'reconciler', 'sync', 'projection stock-cache', 'dead letters', 'drift'])
      expect(stdout).toMatch(new RegExp(`^${part} +ok`, 'm'));
  });

  it('why is this number 7?', async () => {
    const before = await stockOf(ITEM);
    const { document } = await system.zoho.post<{ document: { invoice: { invoice_number: string } } }>(
      'invoices',
      { itemId: ITEM, quantity: before - 7 },
    );
    await eventually(async () => expect(await told('stock', ITEM)).toContain(': 7 (from cache)'));
    const why = await eventually(async () => {
      const story = await told('audit', ITEM);
      expect(story).toContain(document.invoice.invoice_number);
      return story;
    });
    expect(why).toMatch(/: 7 can be sold\.\n +-?\d+ on hand − \d+ committed = 7, after \d+ changes\n/);
    const [newest = ''] = why.split('\n').filter((line) => line.includes('invoice'));
    expect(newest).toMatch(
      new RegExp(`\\(-${before - 7}\\).* 7  .*: invoice ${document.invoice.invoice_number}, by webhook \\d+`),
    );
    const { events } = JSON.parse(await told('audit', ITEM, '--limit', '1', '--json'));
    expect(events.items).toHaveLength(1);
  });

  it('which webhooks failed last night? Retry them', async () => {
    const { body } = await system.post('{"invoice": {', { query: { event: 'invoice.created' } });
    await eventually(async () => expect(await deadLetters()).toHaveLength(1));
    const [letter] = await deadLetters();
    if (!letter) throw new Error('no dead letter');
    expect(String(letter.sequence)).toBe(body.id);
    await eventually(async () =>
      expect(await told('webhooks', '--status', 'dead', '--since', '12h')).toMatch(
        new RegExp(`^ *${body.id} .* dead `, 'm'),
      ),
    );
    expect(await told('dead-letters', 'show', String(letter.id))).toContain('{"invoice": {');

    const status = await stockctl('status');
    expect([status.code, status.stdout]).toEqual([1, expect.stringMatching(/^dead letters +wrong +1 open/m)]);
    expect(await told('dead-letters', 'retry', '--since', '12h', '--dry-run')).toBe('1 would be put back\n');
    expect(await told('dead-letters', 'retry', '--since', '12h')).toContain('is done');
    // It is as unreadable as before.
    const again = await eventually(async () => {
      const [open] = await deadLetters();
      if (!open) throw new Error('it has not died again yet');
      return open;
    });
    expect((await deadLetters('retried')).map(({ id }) => id)).toEqual([letter.id]);
    expect(await told('dead-letters', 'discard', String(again.id), '--note', 'cut off on the way')).toContain(
      'is discarded',
    );
    expect(await stockctl('dead-letters', 'discard', String(again.id), '--note', 'again')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('error: '),
    });
  });

  it('is everything consistent?', async () => {
    const item = itemAt(3);
    expect(await told('compare', item)).toContain('All agree.');
    await system.zoho.post(`items/${item}/shift`, { onHand: 300, physicalOnHand: 300 });
    const differs = await stockctl('compare', item);
    expect([differs.code, differs.stdout]).toEqual([1, expect.stringMatching(/ onHand +.* NO$/m)]);

    expect(await told('sync', item, '--dry-run')).toContain('is done');
    // What is still in flight is judged by a later one.
    const held = await eventually(async () => {
      await told('sync', item);
      const { items } = JSON.parse(await told('drift', 'list', '--item', item, '--json'));
      expect(items.length).toBeGreaterThan(0);
      return items;
    }, 30_000);
    expect(await told('drift', 'show', held[0].driftId)).toMatch(/^onHand|on hand +/m);
    expect((await stockctl('drift', 'reject', held[0].driftId)).code).toBe(2);
    for (const { driftId } of held)
      expect(await told('drift', 'approve', driftId, '--note', 'counted')).toContain('is approved');
    await eventually(async () => expect((await stockctl('compare', item)).code).toBe(0));
    expect(await told('runs', '--kind', 'items')).toContain('completed');
  });

  it('is everything consistent, in the ledger and in every store beside it?', async () => {
    expect((await stockctl('verify', '--last')).code).toBe(1);
    const verified = await told('verify');
    expect(verified).toContain('All is consistent.');
    for (const check of ['events', 'levels', 'balances', 'stock-cache', 'audit-trail'])
      expect(verified).toMatch(new RegExp(`^${check} +\\d+ +0  -$`, 'm'));
    expect(await told('verify', '--last')).toContain('All is consistent.');
    await stores.sql(`UPDATE balances SET on_hand = on_hand + 1 WHERE item_id = '${ITEM}'`);
    const broken = await stockctl('verify', '--scope', 'balances');
    expect([broken.code, broken.stdout]).toEqual([
      1,
      expect.stringMatching(new RegExp(`^balances: ${ITEM} in \\d+, onHand is \\d+, not \\d+, #\\d+$`, 'm')),
    ]);
  });

  it('webhooks of an hour are handled again: nothing is lacking', async () => {
    expect(await told('replay', '--from', '1h', '--dry-run')).toContain('is done');
    expect((await stockctl('replay', '--from', '2026-01-07', '--to', '2026-01-06')).code).toBe(1);
  });

  it('rebuild the cache', async () => {
    const redis = await stores.levelInRedis(ITEM, SALES_WAREHOUSE);
    expect(await told('rebuild', 'stock-cache', '--dry-run')).toContain('It was as the ledger has it.');
    await stores.redis.set(system.naming.redisKey(`stock:${ITEM}`), '999999');
    const differs = await stockctl('rebuild', 'stock-cache', '--dry-run');
    expect([differs.code, differs.stdout]).toEqual([
      1,
      expect.stringContaining('It was not as the ledger has it.'),
    ]);
    expect(await told('rebuild', 'stock-cache')).toContain(
      'It was not as the ledger has it, and is made anew.',
    );
    expect(await stores.levelInRedis(ITEM, SALES_WAREHOUSE)).toEqual(redis);
    expect(await told('rebuild', 'stock-cache', '--dry-run')).toContain('It was as the ledger has it.');
    expect(await stockctl('rebuild', 'nothing')).toMatchObject({
      code: 1,
      stderr: 'error: There is no projection nothing.\n',
    });
  });

  it('what happens just now, as lines of JSON', async () => {
    const changes = (await told('tail', '--since', '0', '--limit', '3', '--json')).trim().split('\n');
    expect(changes.map((line) => Object.keys(JSON.parse(line)).includes('seq'))).toEqual([true, true, true]);
  });

  it('a key is made, opens as much as it should, and is revoked', async () => {
    const made = JSON.parse(await told('keys', 'create', '--name', 'shop', '--role', 'reader', '--json'));
    const asShop = (...args: readonly string[]) => run(args, { ...env, STOCKCTL_API_KEY: made.key });
    await eventually(async () => expect((await asShop('stock', ITEM)).code).toBe(0));
    expect(await asShop('keys', 'list')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: /),
    });
    expect(await told('keys', 'revoke', made.id)).toContain('is revoked');
    await eventually(async () => expect((await asShop('stock', ITEM)).code).toBe(1));
  });

  it.each([
    { what: 'not understood', args: ['levitate'], code: 2, says: "unknown command 'levitate'" },
    { what: 'refused', args: ['drift', 'show', 'nowhere'], code: 1, says: 'nowhere' },
  ])('what is $what ends with $code', async ({ args, code, says }) => {
    expect(await stockctl(...args)).toMatchObject({ code, stderr: expect.stringContaining(says) });
  });

  it('sends the key of what runs here nowhere else', async () => {
    const { url } = system;
    const local = { TALLY_URL: url, API_KEY: READER_KEY };
    expect(await run(['stock', ITEM], local)).toMatchObject({ code: 0 });
    expect(await run(['stock', ITEM, '--url', url], local)).toMatchObject({
      code: 1,
      stderr: 'error: A key is needed: set STOCKCTL_API_KEY\n',
    });
  });
});
