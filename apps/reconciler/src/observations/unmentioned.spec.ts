import {
  itemIdSchema,
  type Quantities,
  streamSeqSchema,
  warehouseIdSchema,
  zero,
} from '@tallystream/contracts';
import type { StoredLevel } from '@tallystream/ledger';
import { joined, unmentioned } from './unmentioned';

const pen = itemIdSchema.parse('pen');
const [main, north] = [warehouseIdSchema.parse('main'), warehouseIdSchema.parse('north')];
const stored = (quantities: Partial<Quantities>, provisional = false): StoredLevel => ({
  ref: { itemId: pen, warehouseId: north },
  level: { revision: 1, quantities: { ...zero, ...quantities }, provisional },
  seq: streamSeqSchema.parse(1),
});
const ledgerWith = (level: StoredLevel) => ({
  levelsOfItems: () => Promise.resolve(new Map([[pen, [level]]])),
});
const told = [{ itemId: pen, levels: [{ warehouseId: main }] }];

describe('a warehouse that Zoho leaves out', () => {
  it('is told of, where the ledger has stock', async () => {
    expect(await unmentioned(ledgerWith(stored({ committed: 1 })), told)).toEqual([
      { itemId: pen, error: 'Zoho does not name the warehouse north, where the ledger has stock' },
    ]);
  });

  it.each([
    ['is named after all', stored({ onHand: 1 }), [{ itemId: pen, levels: [{ warehouseId: north }] }]],
    ['holds nothing', stored({}), told],
    ['was never observed', stored({ onHand: -1 }, true), told],
  ])('is nothing to tell of, where it %s', async (_what, level, said) => {
    expect(await unmentioned(ledgerWith(level), said)).toEqual([]);
  });

  it('makes one line of an item, beside whatever else went wrong', () => {
    const failures = [
      { itemId: pen, error: 'one' },
      { itemId: pen, error: 'two' },
    ];
    expect(joined(failures)).toEqual([{ itemId: pen, error: 'one; two' }]);
  });
});
