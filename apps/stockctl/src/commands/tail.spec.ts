import { changeLine } from './tail';

describe('a change of stock', () => {
  const change = {
    seq: 4_711,
    itemId: '2646610000000109854',
    sku: 'PROD-001',
    warehouseId: 'main',
    stock: 117,
    delta: { committed: 3, onHand: -1 },
    reason: 'sale_commitment',
    recordedAt: '2026-01-07T10:31:02.123Z',
  };
  it('is one line', () => {
    expect(changeLine(change)).toBe(
      '2026-01-07 10:31:02  PROD-001 in main: 117  (+3 committed, -1 on hand, sale commitment)  #4711',
    );
  });
  it('says that the number is not known', () => {
    expect(changeLine({ ...change, sku: undefined, stock: null })).toContain(
      '2646610000000109854 in main: unknown',
    );
  });
});
