import { eventually } from '@tallystream/testing';
import { askForRun, ended, runOf } from './runs';
import { type System, startSystem } from './system';

const PER_PAGE = 200;
const PAGES = 5;

describe('kill -9 in the middle of a sweep', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ simulator: { SIMULATOR_ITEMS: String(PAGES * PER_PAGE) } });
  }, 60_000);
  afterAll(() => system?.stop());

  it('the run goes on after the restart, and repeats the page that was in hand', async () => {
    const before = await runOf(system, 'opening');
    await system.zoho.countFromNow();
    await system.zoho.post('faults', {
      endpoint: 'itemdetails',
      kind: 'latency',
      times: 100,
      milliseconds: 200,
    });
    const id = await askForRun(system, '/api/zoho/sync/full');
    await eventually(async () => {
      const { newest } = await system.zoho.calls();
      const page = newest.findIndex(({ endpoint, query }) => endpoint === 'items' && pageOf(query) === 3);
      expect(page).toBeGreaterThan(0);
      expect(newest.length).toBeGreaterThan(page + 1);
    }, 20_000);
    await system.kill('SIGKILL');
    await system.restart();

    const run = await ended(system, id);
    expect(run).toMatchObject({ status: 'completed', resumed: 1, done: PAGES * PER_PAGE });
    expect(run.stats).toMatchObject({
      levels: before.stats.levels,
      processed: PAGES * PER_PAGE,
      failed: 0,
      levelsChanged: 0,
    });
    const { newest } = await system.zoho.calls();
    const lists = newest.filter(({ endpoint }) => endpoint === 'items').map(({ query }) => pageOf(query));
    expect(lists).toEqual([1, 2, 3, 3, 4, 5]);
    // Of the details, those of that page at most: two calls of a hundred items.
    expect(newest.filter(({ endpoint }) => endpoint === 'itemdetails').length).toBeLessThanOrEqual(
      2 * PAGES + 2,
    );
    expect(newest.filter(({ endpoint }) => endpoint === 'locations')).toHaveLength(1);
  });
});

const pageOf = (query: string): number => Number(new URLSearchParams(query).get('page'));
