import { touchLevels } from './measure';

// The whole of it, a million levels, is `npm run test:memory`. This is the same with a cache that is as much
// smaller: what it holds must not grow with what went through it.

const LINES_EACH = 200;
const DOCUMENTS = 150;
const CACHED_STATES = 2_500;
/** Thirty thousand states, or lines of documents, take more than four times as much. */
const MAX_GROWTH_MIB = 3;

describe('what a ledger keeps in memory', () => {
  it.each([
    { levels: 'fresh', what: 'levels of their own' },
    { levels: 'same', what: 'the same levels' },
  ] as const)('is bounded, whatever number of documents moved $what', async ({ levels }) => {
    const { events, heapMiB } = await touchLevels({
      documents: DOCUMENTS,
      linesEach: LINES_EACH,
      levels,
      cachedStates: CACHED_STATES,
    });
    expect(events).toBe(DOCUMENTS * (LINES_EACH + 1));
    const [, warm = Number.NaN] = heapMiB;
    expect((heapMiB.at(-1) ?? Number.NaN) - warm).toBeLessThan(MAX_GROWTH_MIB);
  });
});
