import { eventually } from '@tallystream/testing';
import { falseCorrections } from './corrections';
import { ledgerEvents } from './ledger-events';
import { asLines, storedLevels } from './levels';
import type { Run } from './runs';
import { openStores, type Stores } from './stores';
import { type System, startSystem } from './system';

/** Each sends a webhook, some of them two. */
const TRANSACTIONS_A_SECOND = 100;
const SECONDS = 15;
const DEADLINE_MS = 120_000;

type Traffic = Readonly<{ booked: number; delivered: number; failed: number }>;

describe(`${TRANSACTIONS_A_SECOND} webhooks a second, and sweeps all the while`, () => {
  let system: System;
  let stores: Stores;

  beforeAll(async () => {
    system = await startSystem({
      simulator: {
        SIMULATOR_ITEMS: '500',
        SIMULATOR_WEBHOOK_CONCURRENCY: '100',
      },
      env: {
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

  const sweep = async (): Promise<Run> => {
    const { body } = await system.ask<{ run: Run }>('/api/sync/stock', { method: 'POST' });
    expect(body.run).toMatchObject({ status: 'completed', stats: { corrected: 0, held: 0 } });
    return body.run;
  };

  it(
    'are taken for no drift',
    async () => {
      let isTrading = true;
      const traffic = system.zoho
        .post<Traffic>('transactions', {
          count: TRANSACTIONS_A_SECOND * SECONDS,
          perSecond: TRANSACTIONS_A_SECOND,
        })
        .finally(() => {
          isTrading = false;
        });
      let unequal = 0;
      for (let sweeps = 0; isTrading || sweeps < 2; sweeps += 1) {
        const { levels, equal } = (await sweep()).stats;
        unequal += Number(levels) - Number(equal);
      }
      const { delivered, failed } = await traffic;
      expect({ isEachTold: delivered >= TRANSACTIONS_A_SECOND * SECONDS, failed }).toEqual({
        isEachTold: true,
        failed: 0,
      });
      // There was something to be mistaken about.
      expect(unequal).toBeGreaterThan(0);

      const truth = asLines(await system.zoho.truth());
      await eventually(async () => expect(asLines(await storedLevels(stores))).toEqual(truth), DEADLINE_MS);
      const events = await ledgerEvents(system);
      expect(events.filter(({ subject }) => subject.includes('stock.drift.'))).toEqual([]);
      expect(await falseCorrections(system, events)).toEqual([]);
    },
    3 * DEADLINE_MS,
  );
});
