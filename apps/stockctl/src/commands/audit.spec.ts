import { zero } from '@tallystream/contracts';
import { type Entry, story, why } from './audit';
import type { Stock } from './stock';

const stock: Stock = {
  itemId: 'pen',
  warehouseId: 'main',
  stock: 7,
  source: 'cache',
  quantities: { ...zero, onHand: 10, committed: 3 },
  revision: 2,
  asOf: '2026-01-07T10:00:00Z',
};
const entry: Entry = {
  seq: 2,
  type: 'StockChanged',
  itemName: 'قلم',
  warehouseName: 'Main WareHouse',
  delta: { committed: 3 },
  after: { ...zero, onHand: 10, committed: 3 },
  reason: 'sale_commitment',
  document: { type: 'salesorder', id: '1', number: 'SO-1' },
  cause: { kind: 'webhook', id: '4711', actor: 'zoho' },
  occurredAt: '2026-01-07T10:31:02Z',
};

describe('why a number is what it is', () => {
  it('is told by how it is made up, and by what moved it', () => {
    expect(story(stock, { items: [entry], nextCursor: null }).split('\n')).toEqual([
      'قلم (pen) in Main WareHouse: 7 can be sold.',
      '  10 on hand − 3 committed = 7, after 2 changes',
      '  last seen in Zoho at 2026-01-07 10:00:00',
      '',
      'when                 on hand  committed  for sale  why',
      '2026-01-07 10:31:02       10     3 (+3)         7  promised to a customer: salesorder SO-1, by webhook 4711',
    ]);
  });

  it('says that Zoho says another number', () => {
    expect(story({ ...stock, disputed: { zoho: 5 } }, { items: [entry], nextCursor: null })).toContain(
      '  Zoho says 5. The lower one is sold until somebody decides: stockctl drift list\n',
    );
  });

  it('says that nobody knows, which is not zero', () => {
    const unknown = { ...stock, stock: null, asOf: undefined };
    const told = story(unknown, { items: [entry], nextCursor: 'more' });
    expect(told).toContain('nobody knows how many');
    expect(told).toContain('never seen in Zoho yet');
    expect(told).toContain('… and more');
  });

  it('says that there is nothing to tell', () => {
    expect(story(stock, { items: [], nextCursor: null })).toBe('The ledger tells nothing of pen in main.');
  });

  it.each<[Partial<Entry>, string]>([
    [
      { reason: 'reconciliation', document: undefined, cause: { kind: 'drift', id: 'd-1', actor: 'local' } },
      'set right to what Zoho has, by decision on drift d-1 (local)',
    ],
    [
      {
        type: 'DriftDetected',
        reason: undefined,
        document: undefined,
        cause: { kind: 'sync', id: 'stock-1', actor: 'reconciler' },
      },
      'Zoho was found to differ, by run stock-1',
    ],
    [{ reason: 'sale', document: { type: 'invoice', id: '12' } }, 'sale: invoice 12, by webhook 4711'],
  ])('%# in words', (more, words) => {
    expect(why({ ...entry, ...more })).toBe(words);
  });
});
