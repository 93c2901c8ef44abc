import { eventually } from '@tallystream/testing';
import { type System, startSystem } from './system';

type RunView = Readonly<{ id: string; status: string; apiCalls: number; stats: Record<string, number> }>;

describe('keeping in agreement with Zoho', () => {
  let system: System;

  beforeAll(async () => {
    system = await startSystem({
      simulator: { SIMULATOR_ITEMS: '50' },
      env: { ZOHO_OBSERVE_DELAY_MS: '500' },
    });
  }, 60_000);
  afterAll(() => system?.stop());

  it('has swept everything at the first start', async () => {
    const { items } = await system.get<{ items: RunView[] }>('/api/sync/runs');
    console.log(JSON.stringify(items, null, 1));
    expect(items.map(({ id, status }) => [id, status])).toEqual([['opening', 'completed']]);
    console.log(JSON.stringify(await system.get('/api/zoho/sync/stats'), null, 1));
    console.log(JSON.stringify(await system.get('/api/sync/stock?action=status'), null, 1));
    console.log(JSON.stringify(await system.get('/api/zoho/compare?itemIds=2646610000000109854'), null, 1));
    console.log(system.output());
  });
});
