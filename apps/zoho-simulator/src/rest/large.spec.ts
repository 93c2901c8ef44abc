import { FIRST_ITEM_ID } from '../organisation/catalogue';
import { ORG, type Running, startSimulator } from '../testing/running';

let running: Running;
beforeAll(async () => {
  running = await startSimulator({ items: 2218 });
  await running.control('transactions', { count: 5000, seed: 1 });
});
afterAll(() => running.stop());

const ROUNDS = 100;

/** The quickest of many, tried until one is quick enough: how much else the machine has to do is not the question. */
const quickest = async (path: string, limitMs: number): Promise<number> => {
  const headers = { authorization: `Zoho-oauthtoken ${running.token()}` };
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS && best >= limitMs; round += 1) {
    const begin = performance.now();
    const response = await fetch(`${running.base}${path}`, { headers });
    await response.arrayBuffer();
    expect(response.status).toBe(200);
    best = Math.min(best, performance.now() - begin);
  }
  return best;
};

const ids = Array.from({ length: 100 }, (_, index) => String(BigInt(FIRST_ITEM_ID) + BigInt(index) * 2002n));

describe('2,218 items in three warehouses, 5,000 transactions later', () => {
  it.each([
    ['200 items by name', 'items?page=5'],
    ['the newest 200 items', 'items?sort_column=created_time&sort_order=D'],
    ['100 items in full', `itemdetails?item_ids=${ids.join(',')}`],
    ['the 200 invoices changed last', 'invoices?sort_column=last_modified_time&sort_order=D'],
  ])('%s come in less than 20 ms', async (_, path) => {
    expect(await quickest(`/inventory/v1/${path}&${ORG}`, 20)).toBeLessThan(20);
  });

  it('the truth of any time comes in less than 100 ms', async () => {
    expect(await quickest(`/control/truth?at=${running.wall.now}`, 100)).toBeLessThan(100);
  });
});
