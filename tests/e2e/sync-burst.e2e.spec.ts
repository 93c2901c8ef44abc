import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '@tallystream/testing';
import { asLines, type Snapshot, snapshotsOf, storedLevels } from './levels';
import { trackedItems } from './simulator';
import { openStores, type Stores } from './stores';
import { SALES_WAREHOUSE, type System, startSystem } from './system';

/** Half as many delays as a minute has of the usual ten seconds, so half as many calls as a minute may take. */
const BURST_MS = 10_000;
const DELAY_MS = 3_333;
const MOST_CALLS = 6;
const WEBHOOKS = 300;
const ITEMS = trackedItems(60);
const PROVEN_WITHIN_MS = 20_000;

describe(`a burst of ${WEBHOOKS} webhooks over ${ITEMS.length} items`, () => {
  let system: System;
  let stores: Stores;
  beforeAll(async () => {
    system = await startSystem({
      simulator: { SIMULATOR_ITEMS: '100', SIMULATOR_LIMITS: 'zoho' },
      env: { ZOHO_OBSERVE_DELAY_MS: String(DELAY_MS) },
    });
    stores = await openStores(system);
  }, 60_000);
  afterAll(async () => {
    await stores?.close();
    await system?.stop();
  });

  it(`costs ${MOST_CALLS} calls at most, and each item is proven within ${PROVEN_WITHIN_MS / 1_000} seconds`, async () => {
    await system.zoho.countFromNow();
    const lastWebhook = new Map<string, number>();
    const began = performance.now();
    const sent = Array.from({ length: WEBHOOKS }, async (_, n) => {
      const itemId = ITEMS[(n * 7) % ITEMS.length] ?? '';
      await pause(began + (n * BURST_MS) / WEBHOOKS - performance.now());
      const { changes } = await system.zoho.book(actions[n % actions.length] ?? '', documentOf(itemId, n));
      expect(changes.map(({ webhook }) => webhook.outcome)).toEqual(['accepted']);
      lastWebhook.set(itemId, Date.now());
    });
    await Promise.all(sent);

    const proofs = await eventually(async () => {
      const snapshots = await snapshotsOf(system);
      return ITEMS.map((itemId) => proofOf(itemId, lastWebhook.get(itemId) ?? Number.NaN, snapshots));
    }, PROVEN_WITHIN_MS);
    expect(Math.max(...proofs)).toBeLessThanOrEqual(PROVEN_WITHIN_MS);
    const { total, newest } = await system.zoho.calls();
    // Those that were too many are shown.
    expect(total > MOST_CALLS ? newest : []).toEqual([]);
    const truth = asLines(await system.zoho.truth());
    await eventually(async () => expect(asLines(await storedLevels(stores))).toEqual(truth));
    const { agree } = await system.get<{ agree: boolean }>(`/api/zoho/compare?itemIds=${ITEMS.join()}`);
    expect(agree).toBe(true);
  });
});

const actions = ['invoice.create', 'inventory_adjustment.create', 'bill.create'];

const documentOf = (itemId: string, n: number) => ({
  contact: 0,
  branchId: SALES_WAREHOUSE,
  naming: 'line_warehouse',
  lines: [{ itemId, warehouseId: SALES_WAREHOUSE, quantity: 1 + (n % 4) }],
  ...moreOf[n % moreOf.length],
});
const moreOf = [{ status: 'sent' }, { mode: 'quantity' }, { status: 'open' }];

/** How long it took, in milliseconds, until we had what Zoho said after the last webhook of an item. */
const proofOf = (itemId: string, webhookAt: number, snapshots: readonly Snapshot[]): number => {
  // Zoho's clock has seconds, and is this machine's.
  const proof = snapshots.find((one) => one.itemId === itemId && one.asOf >= webhookAt - 1_000);
  if (!proof) throw new Error(`item ${itemId} has not been observed since its last webhook`);
  return proof.storedAt - webhookAt;
};
