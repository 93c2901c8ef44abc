import { randomInt } from 'node:crypto';
import { documentTypes } from '@tallystream/contracts';
import { eventually } from '@tallystream/testing';
import { removeData, startNats, temporaryData } from '../../deploy/local/servers';
import { falseCorrections } from './corrections';
import { everyWebhookHandled } from './every-webhook-handled';
import {
  brokenLevels,
  brokenVersions,
  unbalancedDocuments,
  unequalRecords,
  unevenTransfers,
} from './invariants';
import { documentsIn, ledgerEvents, movesIn } from './ledger-events';
import { asLines, storedLevels } from './levels';
import type { Run } from './runs';
import { unlikeAudit, unlikePostgres, unlikeRedis } from './same-everywhere';
import { openStores, type Stores } from './stores';
import { type System, startSystem } from './system';

// `npm run test:convergence` plays 50 seeds of 5,000 transactions; TALLY_SEED=7 plays one again.
const TRANSACTIONS = Number(process.env.TALLY_TRANSACTIONS ?? 1_000);
const ITEMS = 208; // 200 of them with stock
const seeds = process.env.TALLY_SEED
  ? [Number(process.env.TALLY_SEED)]
  : Array.from({ length: Number(process.env.TALLY_SEEDS ?? 5) }, () => randomInt(1, 1_000_000));

/** How webhooks fared on their way. */
type Delivered = Readonly<Record<'accepted' | 'lost' | 'duplicated' | 'late' | 'reordered', number>>;

/** No measure of speed: a machine that does much else at the time takes as long as it takes. */
const DEADLINE_MS = 600_000;

describe('convergence', () => {
  const dataDir = temporaryData();
  let nats: Awaited<ReturnType<typeof startNats>>;

  // What a power cut would leave is not asked here: without a sync for each message the arithmetic is the same.
  beforeAll(async () => {
    nats = await startNats({ dataDir, syncInterval: '2m' });
  });
  afterAll(async () => {
    await nats?.stop();
    removeData(dataDir);
  });

  describe.each(seeds)('whatever is lost, late or doubled on the way (seed %i)', (seed) => {
    let system: System;
    let stores: Stores;

    beforeAll(async () => {
      system = await startSystem({
        natsUrl: nats.url,
        simulator: {
          SIMULATOR_ITEMS: String(ITEMS),
          SIMULATOR_SEED: String(seed),
          SIMULATOR_WEBHOOK_LOSE: '0.1',
          SIMULATOR_WEBHOOK_DUPLICATE: '0.1',
          SIMULATOR_WEBHOOK_REORDER: '0.1',
          SIMULATOR_WEBHOOK_LATE: '0.1',
          SIMULATOR_WEBHOOK_LATE_SECONDS: '3',
        },
        env: {
          DRIFT_CONFIRM_MINUTES: '0',
          DRIFT_MAX_DOCUMENTS: '2000',
          ZOHO_RATE_LIMIT_PER_MINUTE: '100000',
          ZOHO_DAILY_LIMIT: '1000000',
        },
      });
      stores = await openStores(system);
    }, 90_000);
    afterAll(async () => {
      await stores?.close();
      await system?.stop();
    });

    const delivered = async (): Promise<Delivered> =>
      (await system.zoho.get<{ delivery: Delivered }>('status')).delivery;

    /** One whole sweep. */
    const sweep = async (): Promise<Run> => {
      const { body } = await system.ask<{ run: Run }>('/api/sync/stock', { method: 'POST' });
      expect(body.run).toMatchObject({ status: 'completed' });
      return body.run;
    };

    it(
      'both sides agree after the last sweep, and nothing was set wrong on the way',
      async () => {
        let isTrading = true;
        const traffic = system.zoho
          .post<{ booked: number }>('transactions', { count: TRANSACTIONS, seed })
          .finally(() => {
            isTrading = false;
          });
        while (isTrading) await sweep();
        expect((await traffic).booked).toBe(TRANSACTIONS);
        const { accepted, lost, duplicated, late, reordered } = await delivered();
        expect(lost / (accepted + lost)).toBeGreaterThan(0.05);
        expect(duplicated / accepted).toBeGreaterThan(0.05);
        expect((late + reordered) / accepted).toBeGreaterThan(0.1);

        await everyWebhookHandled(system, DEADLINE_MS);
        // One finds what is missing, the next confirms what it held; what was in flight then is judged later.
        await eventually(async () => {
          const { stats } = await sweep();
          expect(Number(stats.levels) - Number(stats.equal)).toBe(0);
        }, DEADLINE_MS);

        const truth = asLines(await system.zoho.truth());
        await eventually(async () => expect(asLines(await storedLevels(stores))).toEqual(truth));
      },
      2 * DEADLINE_MS,
    );

    it('and the ledger is sound, and the same in every store', async () => {
      const events = await ledgerEvents(system);
      const [moves, documents] = [movesIn(events), documentsIn(events)];
      expect(documents.length).toBeGreaterThan(TRANSACTIONS / 2);
      expect(new Set(documents.map(({ document }) => document.type))).toEqual(new Set(documentTypes));
      // Whose webhooks were lost: a sweep or a look found them.
      expect(documents.filter(({ cause }) => cause.kind === 'sync').length).toBeGreaterThan(
        TRANSACTIONS * 0.01,
      );
      expect(brokenLevels(moves)).toEqual([]);
      expect(brokenVersions(documents)).toEqual([]);
      expect(unbalancedDocuments(documents)).toEqual([]);
      expect(unequalRecords(documents, moves)).toEqual([]);
      expect(unevenTransfers(documents)).toEqual([]);
      expect(await falseCorrections(system, events)).toEqual([]);
      await eventually(async () => expect(await unlikeAudit(stores, events)).toEqual([]));
      await eventually(async () => expect(await unlikePostgres(stores, moves)).toEqual([]));
      await eventually(async () => expect(await unlikeRedis(stores, moves)).toEqual([]));
    }, 120_000);
  });
});
