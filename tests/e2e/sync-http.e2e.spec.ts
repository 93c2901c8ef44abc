import { eventually } from '@tallystream/testing';
import { ADMIN_KEY, READER_KEY } from './api';
import { askForRun, ended, type Run } from './runs';
import { itemAt } from './simulator';
import { ITEM, type System, startSystem } from './system';

const BULK = '/api/zoho/bulk-sync/items-with-stock';
const SERVICE = itemAt(24);

type Problem = Readonly<{
  status: number;
  code: string;
  errors: readonly { path: string; message: string }[];
}>;
type BulkAnswer = Readonly<{ success: boolean; message: string; stats: Record<string, number>; run: Run }>;

describe('the HTTP API of syncing', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({
      simulator: { SIMULATOR_ITEMS: '60', SIMULATOR_INACTIVE_ITEMS: '10' },
      env: { HEALTH_MIN_ITEMS: '50', ZOHO_RATE_LIMIT_PER_MINUTE: '1000', TRUST_MARGIN_MS: '0' },
    });
  }, 60_000);
  afterAll(() => system?.stop());

  const bulkStats = {
    total_processed: expect.any(Number),
    successful: expect.any(Number),
    failed: 0,
    skipped: expect.any(Number),
    stock_updated: 0,
  };

  describe('refuses', () => {
    it.each<[string, object, string]>([
      ['a batch of 9', { batch_size: 9 }, 'batch_size'],
      ['a batch of 201', { batch_size: 201 }, 'batch_size'],
      ['half an item', { batch_size: 10.5 }, 'batch_size'],
      ['a batch size in words', { batch_size: '100' }, 'batch_size'],
      ['a 13th month', { incremental: true, modified_since: '2026-13-01' }, 'modified_since'],
      ['the 30th of February', { incremental: true, modified_since: '2026-02-30' }, 'modified_since'],
      ['yesterday', { incremental: true, modified_since: 'yesterday' }, 'modified_since'],
      ['a day of the year 2999', { incremental: true, modified_since: '2999-01-01' }, 'modified_since'],
      ['incremental without a date', { incremental: true }, 'modified_since'],
      ['a date without incremental', { modified_since: '2026-01-01' }, 'modified_since'],
      ['yes for true', { active_only: 'yes' }, 'active_only'],
      ['no list of images', { sync_images: 1 }, 'sync_images'],
    ])('%s: 400 with the field', async (_what, body, field) => {
      for (const route of [BULK, '/api/zoho/bulk-sync/products', '/api/zoho/bulk-sync/stock']) {
        const answer = await system.ask<Problem>(route, { body });
        expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
        expect(answer.headers.get('content-type')).toContain('application/problem+json');
        expect(answer.body.errors.map(({ path }) => path)).toEqual([field]);
      }
    });

    it.each<[string, string, unknown]>([
      ['an unknown field', BULK, { colour: 'red' }],
      ['an unknown field of a stock sync', '/api/sync/stock', { colour: 'red' }],
      ['an unknown query', `${BULK}?colour=red`, {}],
      ['an unknown query of a full sync', '/api/zoho/sync/full?colour=red', undefined],
      ['an unknown query of one item', `/api/zoho/sync/products/${ITEM}?colour=red`, undefined],
    ])('%s: 400 with its name', async (_what, route, body) => {
      const answer = await system.ask<Problem>(route, { method: 'POST', ...(body ? { body } : {}) });
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
      expect(answer.body.errors[0]?.path).toBe('colour');
    });

    it.each([
      ['/api/sync/stock?action=dance', 'action'],
      ['/api/sync/stock?force=maybe', 'force'],
      ['/api/sync/runs?limit=0', 'limit'],
      ['/api/sync/runs?kind=everything', 'kind'],
      ['/api/sync/runs?cursor=nobody', 'cursor'],
      ['/api/zoho/compare', 'itemIds'],
      ['/api/zoho/compare?itemIds=a.b', 'itemIds'],
      [`/api/zoho/compare?itemIds=${'1,'.repeat(201)}`, 'itemIds'],
    ])('GET %s: 400 with the field', async (route, field) => {
      const { status, body } = await system.ask<Problem>(route);
      expect([status, body.errors[0]?.path.split('.')[0]]).toEqual([400, field]);
    });

    it.each<[string, string, number, string]>([
      ['half of a JSON', '{"batch_size":', 400, 'application/json'],
      ['a list', '[]', 400, 'application/json'],
      [
        'a form, which would count as no parameters',
        'batch_size=50',
        415,
        'application/x-www-form-urlencoded',
      ],
      ['a body without end', `{"colour":"${'x'.repeat(70_000)}"}`, 413, 'application/json'],
    ])('%s', async (_what, body, status, type) => {
      const answer = await system.ask(BULK, { body, headers: { 'content-type': type } });
      expect(answer.status).toBe(status);
    });

    it('whoever is nobody, with 401, and whoever may only read, with 403', async () => {
      const routes: readonly ['GET' | 'POST', string][] = [
        ['GET', '/api/sync/stock?action=status'],
        ['GET', '/api/sync/stock?action=sync'],
        ['POST', '/api/sync/stock'],
        ['POST', '/api/tds/stock/sync'],
        ['POST', BULK],
        ['POST', '/api/zoho/bulk-sync/products'],
        ['POST', '/api/zoho/bulk-sync/stock'],
        ['POST', '/api/zoho/sync/full'],
        ['POST', '/api/zoho/sync/products'],
        ['POST', `/api/zoho/sync/products/${ITEM}`],
        ['GET', '/api/zoho/bulk-sync/status'],
        ['GET', '/api/zoho/sync/stats'],
        ['GET', '/api/zoho/test-connection'],
        ['GET', `/api/zoho/compare?itemIds=${ITEM}`],
        ['GET', '/api/sync/runs'],
        ['GET', '/api/sync/runs/opening'],
        ['GET', '/api/sync/runs/opening/events'],
      ];
      for (const [method, route] of routes) {
        expect([route, (await system.ask(route, { method, key: '' })).status]).toEqual([route, 401]);
        expect([route, (await system.ask(route, { method, key: READER_KEY })).status]).toEqual([route, 403]);
      }
    });

    it('what is not there: 404', async () => {
      for (const route of ['/api/sync/runs/nobody', '/api/sync/runs/nobody/events'])
        expect(await system.ask(route)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    });
  });

  describe('answers', () => {
    it('status: how fresh the stock is', async () => {
      expect(await system.get('/api/sync/stock?action=status')).toMatchObject({
        status: 'healthy',
        itemCount: 58,
        lastSync: expect.stringMatching(/Z$/),
        cacheAge: expect.any(Number),
        checks: expect.arrayContaining([{ name: 'items', ok: true, detail: expect.any(String) }]),
      });
    });

    it.each<[string, object | undefined, number]>([
      [BULK, {}, 50],
      [BULK, { sync_images: false, active_only: false, with_stock_only: false, batch_size: 10 }, 60],
      ['/api/zoho/bulk-sync/products', undefined, 50],
      ['/api/zoho/bulk-sync/stock', { batch_size: 200 }, 50],
      ['/api/zoho/sync/full', undefined, 60],
      ['/api/zoho/sync/products', undefined, 60],
      [`/api/zoho/sync/products/${ITEM}?force=true`, undefined, 1],
    ])('POST %s %j', async (route, body, items) => {
      const { status, body: answer } = await system.ask<BulkAnswer>(route, {
        method: 'POST',
        ...(body ? { body } : {}),
      });
      expect([status, answer.success]).toEqual([200, true]);
      expect(answer).toMatchObject({
        message: expect.stringMatching(/^done: /),
        stats: { ...bulkStats, total_processed: items },
        duration_seconds: expect.any(Number),
        error: null,
        run: { status: 'completed', done: items, total: items },
      });
    });

    it('that images were asked for and skipped', async () => {
      const { body } = await system.ask<BulkAnswer>(BULK, { body: { sync_images: true } });
      expect(body.message).toContain('images were skipped');
      expect(body.run.skippedFeatures).toEqual([expect.stringContaining('images')]);
    });

    it('an incremental sync with what was modified since, and nothing else', async () => {
      await system.zoho.post(`items/${SERVICE}`, { name: 'Hour of work' });
      const today = new Date().toISOString().slice(0, 10);
      const { body } = await system.ask<BulkAnswer>('/api/zoho/bulk-sync/products', {
        body: { incremental: true, modified_since: today },
      });
      expect(body.stats).toMatchObject({ total_processed: 1, successful: 1 });
    });

    it.each<['GET' | 'POST', string]>([
      ['GET', '/api/sync/stock?action=sync&force=true'],
      ['POST', '/api/sync/stock'],
      ['POST', '/api/tds/stock/sync'],
    ])('%s %s', async (method, route) => {
      expect(await system.ask(route, { method })).toMatchObject({
        status: 200,
        body: {
          success: true,
          itemsSynced: 48,
          duration: expect.any(Number),
          run: { kind: 'stock', status: 'completed' },
        },
      });
    });

    it('a sync that nobody forces with the one that has just ended', async () => {
      await system.ask('/api/sync/stock', { method: 'POST' });
      await system.zoho.countFromNow();
      const { body } = await system.ask('/api/sync/stock?action=sync');
      expect(body.success).toBe(true);
      expect((await system.zoho.calls()).total).toBe(0);
    });

    it('statistics under both names', async () => {
      const shape = {
        operations: expect.arrayContaining([
          { kind: 'full', running: null, last: expect.objectContaining({ status: 'completed' }) },
        ]),
        features: { scheduled_sync: true, schedule: '0 0 1 1 *', first_sync_done: true, images: false },
        // The webhook of the item that was renamed.
        queue: { pending: 0, processing: 0, completed: 1, failed: 0, dead_letter: 0 },
        per_entity: expect.any(Object),
        success_rate: 1,
      };
      expect(await system.get('/api/zoho/bulk-sync/status')).toMatchObject(shape);
      expect(await system.get('/api/zoho/sync/stats')).toMatchObject(shape);
    });

    it('that Zoho does not have the one item that was asked for', async () => {
      expect(await system.ask('/api/zoho/sync/products/999', { method: 'POST' })).toMatchObject({
        status: 200,
        body: { success: false, error: 'Zoho has no such item', stats: { total_processed: 1, skipped: 1 } },
      });
    });

    it('a comparison, level by level, and changes nothing', async () => {
      type Compared = Readonly<{ agree: boolean; levels: Record<string, unknown>[]; unknownItems: string[] }>;
      const before = await system.get<Compared>(`/api/zoho/compare?itemIds=${ITEM},999`);
      expect(before).toMatchObject({ agree: true, unknownItems: ['999'] });
      expect(before.levels).toHaveLength(3);
      await system.zoho.post(`items/${ITEM}/shift`, { onHand: 5 });
      const after = await system.get<Compared>(`/api/zoho/compare?itemIds=${ITEM}`);
      expect(after.agree).toBe(false);
      expect(after.levels.flatMap(({ differs }) => differs)).toEqual([
        'ledger.onHand',
        'postgres.onHand',
        'redis.onHand',
      ]);
      expect(await system.get(`/api/zoho/compare?itemIds=${ITEM}`)).toEqual(after);
    });
  });

  describe('of two runs of a kind at once', () => {
    const slowly = (times: number) =>
      system.zoho.post('faults', { endpoint: 'items', kind: 'latency', times, milliseconds: 1_000 });

    it('refuses the second with 409 and the id of the first; with join=true both end as one', async () => {
      await slowly(1);
      const id = await askForRun(system, '/api/zoho/sync/full');
      const second = await system.ask('/api/zoho/sync/full', { method: 'POST' });
      expect(second).toMatchObject({ status: 409, body: { code: 'run_in_progress', runId: id } });
      const other = await system.ask<BulkAnswer>('/api/zoho/sync/products', { method: 'POST' });
      expect([other.status, other.body.success]).toEqual([200, true]);
      const joined = await system.ask<BulkAnswer>('/api/zoho/sync/full?join=true', { method: 'POST' });
      expect([joined.status, joined.body.run.id, joined.body.success]).toEqual([200, id, true]);
    });

    it('with Prefer: respond-async answers 202 with its place; its progress ends with it', async () => {
      await slowly(1);
      const answer = await system.ask<Run>('/api/sync/stock', {
        method: 'POST',
        headers: { prefer: 'respond-async' },
      });
      expect(answer.status).toBe(202);
      expect(answer.headers.get('location')).toBe(`/api/sync/runs/${answer.body.id}`);
      expect(answer.headers.get('preference-applied')).toBe('respond-async');
      const events = await system.events(`/api/sync/runs/${answer.body.id}/events`);
      expect(events.slice(0, -1).map(({ event }) => event)).toContain('progress');
      expect(events.at(-1)).toMatchObject({
        event: 'completed',
        data: { phase: 'done', done: 50, total: 50 },
      });
      expect(await system.get(answer.headers.get('location') ?? '')).toMatchObject({ status: 'completed' });
    });

    it('lists runs, newest first, by page', async () => {
      type Page = Readonly<{ items: readonly Run[]; nextCursor: string | null }>;
      const all = await system.get<Page>('/api/sync/runs');
      expect(all.items.at(-1)?.id).toBe('opening');
      const first = await system.get<Page>('/api/sync/runs?limit=2');
      const next = await system.get<Page>(`/api/sync/runs?limit=2&cursor=${first.nextCursor}`);
      expect([...first.items, ...next.items]).toEqual(all.items.slice(0, 4));
      const fulls = await system.get<Page>('/api/sync/runs?kind=full&status=completed');
      expect(new Set(fulls.items.map(({ kind }) => kind))).toEqual(new Set(['full']));
    });

    it('goes on with a run whose caller hung up', async () => {
      await slowly(1);
      const gone = new AbortController();
      const asked = fetch(`${system.url}/api/zoho/sync/full`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ADMIN_KEY}` },
        signal: gone.signal,
      }).catch(() => 'hung up');
      const id = await eventually(async () => {
        const { items } = await system.get<{ items: readonly Run[] }>('/api/sync/runs?status=running');
        if (!items[0]) throw new Error('nothing runs yet');
        return items[0].id;
      });
      gone.abort();
      expect(await asked).toBe('hung up');
      expect((await ended(system, id)).status).toBe('completed');
    });
  });
});
