import { eventually } from '@tallystream/testing';
import { asLines, storedLevels } from './levels';
import { runOf } from './runs';
import { itemAt } from './simulator';
import { openStores, type Stores } from './stores';
import { ITEM, SALES_WAREHOUSE, type System, startSystem } from './system';

const TRANSACTIONS = 200;
const SOUTH = '2646610000000077026';

type Named = Readonly<{
  itemId: string;
  itemName: string;
  arabicName?: string;
  warehouseId: string;
  warehouseName: string;
}>;

describe('the first start on an empty ledger', () => {
  let system: System;
  let stores: Stores;
  beforeAll(async () => {
    system = await startSystem({
      simulator: {
        SIMULATOR_ITEMS: '1500',
        SIMULATOR_WEBHOOK_DUPLICATE: '0.1',
        SIMULATOR_WEBHOOK_REORDER: '0.2',
      },
      env: { ZOHO_OBSERVE_DELAY_MS: '2000', ZOHO_RATE_LIMIT_PER_MINUTE: '1000' },
      unopened: true,
    });
    stores = await openStores(system);
  }, 60_000);
  afterAll(async () => {
    await stores?.close();
    await system?.stop();
  });

  it(`with ${TRANSACTIONS} transactions booked while it reads: every level ends where Zoho's is`, async () => {
    await eventually(async () => {
      const { total } = await system.zoho.calls();
      expect(total).toBeGreaterThan(2);
    });
    expect((await system.health()).parts.reconciler).toMatchObject({
      status: 'degraded',
      detail: 'the opening stock has not been observed yet',
    });
    const report = await system.zoho.post('transactions', { count: TRANSACTIONS, seed: 7 });
    const { status } = await runOf(system, 'opening');
    expect(report).toMatchObject({ booked: TRANSACTIONS, failed: 0 });
    // Else the webhooks came too late to be of any interest.
    expect(status).toBe('running');

    await eventually(async () => {
      expect((await runOf(system, 'opening')).status).toBe('completed');
      const { queue } = await system.get<{ queue: Record<string, number> }>('/api/zoho/sync/stats');
      expect(queue).toMatchObject({ pending: 0, processing: 0, observations: 0, dead_letter: 0 });
      expect(asLines(await storedLevels(stores))).toEqual(asLines(await system.zoho.truth()));
    }, 40_000);
    await system.ready();
    await eventually(async () => expect((await system.health()).parts.reconciler?.status).toBe('up'));
  }, 90_000);

  it('knows the names of items and warehouses, in Arabic too', async () => {
    const item = itemAt(3);
    const { items } = await system.get<{ items: readonly Named[] }>(`/api/balances?item=${item}`);
    expect(items).toHaveLength(3);
    const zoho = await nameInZoho(item);
    for (const row of items) expect(row).toMatchObject(zoho);
    expect(zoho.itemName).toMatch(/\p{Script=Arabic}/u);
    expect(zoho.arabicName).toMatch(/\p{Script=Arabic}/u);
    expect(new Set(items.map(({ warehouseName }) => warehouseName))).toEqual(
      new Set(['Main WareHouse', 'North Depot', 'مستودع الجنوب']),
    );
    const audit = await system.get<{ items: readonly Named[] }>(
      `/api/audit/events?item=${item}&warehouse=${SOUTH}&limit=1`,
    );
    expect(audit.items[0]).toMatchObject({ itemName: zoho.itemName, warehouseName: 'مستودع الجنوب' });
  });

  it('an item that gets another name in Zoho has it here, too', async () => {
    const renamed = { name: 'Copper kettle', arabicName: 'غلاية نحاس' };
    await system.zoho.post(`items/${ITEM}`, renamed);
    await eventually(async () => {
      const { items } = await system.get<{ items: readonly Named[] }>(
        `/api/balances?item=${ITEM}&warehouse=${SALES_WAREHOUSE}`,
      );
      expect(items[0]).toMatchObject({ itemName: renamed.name, arabicName: renamed.arabicName });
    });
  });

  const nameInZoho = async (id: string) => {
    const { item } = await system.zoho.get<{ item: ZohoItem }>(`items/${id}`);
    const arabicName = item.custom_fields.find(({ api_name }) => api_name === 'cf_arabic_name')?.value;
    return { itemName: item.name, ...(arabicName ? { arabicName } : {}) };
  };
});

type ZohoItem = Readonly<{
  name: string;
  custom_fields: readonly Readonly<{ api_name: string; value: string }>[];
}>;
