import { rowsOf } from './compare';

const level = {
  itemId: 'pen',
  warehouseId: 'main',
  zoho: { onHand: 10, committed: 3, inTransit: 0 },
  ledger: { onHand: 10, committed: 3, inTransit: 0 },
  postgres: { onHand: 10, committed: 3, inTransit: 0 },
  redis: { onHand: 10, committed: 3, inTransit: 0 },
  agree: true,
  differs: [],
};

describe('four places side by side', () => {
  it('show what is sold from, when they agree', () => {
    expect(rowsOf(level)).toEqual([
      ['pen', 'main', 'onHand', 10, 10, 10, 10, 'yes'],
      ['pen', 'main', 'committed', 3, 3, 3, 3, 'yes'],
    ]);
  });

  it('show whatever differs', () => {
    const other = {
      ...level,
      redis: { onHand: 10, committed: 3, inTransit: 2 },
      agree: false,
      differs: ['redis.inTransit'],
    };
    expect(rowsOf(other).map((row) => row.slice(2))).toEqual([
      ['onHand', 10, 10, 10, 10, 'yes'],
      ['committed', 3, 3, 3, 3, 'yes'],
      ['inTransit', 0, 0, 0, 2, 'NO'],
    ]);
  });

  it('say who does not have the level', () => {
    const lacking = { ...level, redis: null, agree: false, differs: ['redis does not have it'] };
    expect(rowsOf(lacking)[0]).toEqual([
      'pen',
      'main',
      'onHand',
      10,
      10,
      10,
      undefined,
      'redis does not have it',
    ]);
  });
});
