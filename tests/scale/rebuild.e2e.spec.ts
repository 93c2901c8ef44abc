import { setTimeout as pause } from 'node:timers/promises';
import { openConnection } from '@tallystream/jetstream';
import { eventually } from '@tallystream/testing';
import { everyWebhookHandled } from '../e2e/every-webhook-handled';
import { askForRun, ended, secondsOf } from '../e2e/runs';
import { invoiceBody, SALES_WAREHOUSE, type System, someId, startSystem } from '../e2e/system';
import { randomFrom, seedOfRun } from '../random';
import { LEVELS, recordSales } from './random-ledger';

// `npm run test:rebuild` asks the same of a million events.
const EVENTS = Number(process.env.TALLY_EVENTS ?? 5_000);
const WEBHOOKS_A_SECOND = 200;
const READERS = 2;
const STORES = ['balances', 'catalogue', 'drift', 'audit-trail', 'webhook-log', 'stock-cache'] as const;
/** No measures of speed. */
const RECORDED_MS = Math.max(60_000, EVENTS);
const REBUILT_MS = 6 * RECORDED_MS;

const quiet = { info: () => undefined, warn: () => undefined };
const seed = seedOfRun();

type Projection = Readonly<{ name: string; lagEvents: number }>;
/** Of a level that nothing has moved yet there is no revision. */
type Stock = Readonly<{ revision?: number }>;

describe(`every projection of ${EVENTS} events made again (seed ${seed})`, () => {
  const random = randomFrom(seed);
  const items = [...new Set(LEVELS.map(({ itemId }) => itemId))];
  let system: System;

  beforeAll(async () => {
    system = await startSystem({ unopened: true, env: { DEFAULT_WAREHOUSE_ID: SALES_WAREHOUSE } });
    const connection = openConnection({ url: system.servers.natsUrl, name: 'rebuild.e2e.spec' }, quiet);
    await connection.ready();
    await recordSales(connection, system.naming, { count: EVENTS, random });
    await connection.close();
    await allTaken();
  }, 2 * RECORDED_MS);
  afterAll(async () => {
    await system?.stop();
  });

  const allTaken = () =>
    eventually(async () => {
      const { items: projections } = await system.get<{ items: readonly Projection[] }>(
        '/api/ops/projections',
      );
      for (const each of projections) expect(each).toMatchObject({ lagEvents: 0 });
    }, RECORDED_MS);

  it(
    `while ${WEBHOOKS_A_SECOND} webhooks a second come and everybody reads: no read fails, none goes back`,
    async () => {
      const over = new AbortController();
      const highest = new Map<string, number>();
      let [reads, sold] = [0, 0];
      const reading = async () => {
        while (!over.signal.aborted) {
          const item = random.pick(items);
          const least = highest.get(item) ?? 0;
          const { revision = 0 } = await system.get<Stock>(`/api/stock/${item}`);
          expect(revision).toBeGreaterThanOrEqual(least);
          highest.set(item, Math.max(revision, highest.get(item) ?? 0));
          await system.get(`/api/items/${item}/balances`);
          await system.get(`/api/audit/events?item=${item}`);
          reads += 1;
        }
      };
      const began = performance.now();
      const selling = async () => {
        const posts: Promise<void>[] = [];
        for (; !over.signal.aborted; sold += 1) {
          const item = random.pick(items);
          const posted = system.post(invoiceBody(1, { id: someId(), item }));
          posted.catch(() => over.abort());
          posts.push(posted.then(({ status }) => expect(status).toBe(202)));
          await pause(Math.max(0, began + (sold * 1_000) / WEBHOOKS_A_SECOND - performance.now()));
        }
        await Promise.all(posts);
      };
      const load = Promise.all([selling(), ...Array.from({ length: READERS }, reading)]);
      load.catch(() => over.abort());
      try {
        for (const store of STORES) {
          const id = await askForRun(system, `/api/ops/projections/${store}/rebuild`, {});
          const run = await Promise.race([ended(system, id, REBUILT_MS), load.then(() => undefined)]);
          expect([store, run]).toMatchObject([store, { status: 'completed', result: { swapped: true } }]);
          if (run) process.stdout.write(`${store}: ${secondsOf(run).toFixed(1)} s\n`);
        }
      } finally {
        over.abort();
      }
      await load;
      const seconds = (performance.now() - began) / 1_000;
      process.stdout.write(
        `${(sold / seconds).toFixed(0)} webhooks, ${(reads / seconds).toFixed(0)} times three reads a second\n`,
      );
      expect(reads).toBeGreaterThan(0);
      expect(sold).toBeGreaterThan(0);
    },
    6 * REBUILT_MS,
  );

  it(
    'is then what the ledger says, in every store',
    async () => {
      await everyWebhookHandled(system, RECORDED_MS);
      await allTaken();
      // Not of the ledger: its levels began somewhere, and no document was recorded.
      for (const scope of ['balances', 'stock-cache', 'audit-trail']) {
        const { status, body } = await system.ask<{ ok: boolean }>('/api/ops/verify', { body: { scope } });
        expect([scope, status, body.ok]).toEqual([scope, 200, true]);
      }
      for (const store of ['catalogue', 'drift', 'webhook-log']) {
        const path = `/api/ops/projections/${store}/rebuild`;
        const { body } = await system.ask<{ result: object }>(path, { body: { dryRun: true } });
        expect([store, body.result]).toMatchObject([store, { isSame: true }]);
      }
    },
    2 * REBUILT_MS,
  );
});
