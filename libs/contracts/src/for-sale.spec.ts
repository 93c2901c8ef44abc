import * as fc from 'fast-check';
import { type Dispute, driftIdSchema, type StockChanged } from './events/stock-events';
import { forSale, readLevel } from './for-sale';
import { instantFrom } from './instant';
import { availableForSale, type Delta, type Quantities, zero } from './quantities';

const dispute = (difference: Delta, side: Dispute['side'] = 'accounting'): Dispute => ({
  driftId: driftIdSchema.parse('drift'),
  side,
  difference,
  zoho: {},
  since: instantFrom(0),
});
const holding = (onHand: number, rest: Partial<Quantities> = {}): Quantities => ({
  ...zero,
  onHand,
  ...rest,
});
const level = (after: Quantities, rest: Partial<StockChanged> = {}) =>
  readLevel({ after, provisional: false, ...rest });

describe('what may be sold', () => {
  it.each([
    ['what is on hand and not promised', level(holding(10, { committed: 3, reserved: 2 })), 5, undefined],
    ['less than nothing, when more was promised', level(holding(1, { committed: 3 })), -2, undefined],
    ['our number, when Zoho says more', level(holding(10), { disputed: [dispute({ onHand: 40 })] }), 10, 50],
    ["Zoho's, when Zoho says less", level(holding(120), { disputed: [dispute({ onHand: -100 })] }), 20, 20],
    [
      "Zoho's less what we hold, which Zoho does not know",
      level(holding(120, { reserved: 5 }), { disputed: [dispute({ onHand: -100 })] }),
      15,
      15,
    ],
    [
      "Zoho's, when it promised more",
      level(holding(9), { disputed: [dispute({ committed: 4.5 })] }),
      4.5,
      4.5,
    ],
    [
      'the same of both, when only what is on its way differs',
      level(holding(9), { disputed: [dispute({ inTransit: 4 })] }),
      9,
      9,
    ],
    [
      'by the books, whatever is said of the shelves',
      level(holding(9), { disputed: [dispute({ physicalOnHand: -9 }, 'physical')] }),
      9,
      undefined,
    ],
    [
      'by the dispute of the books, beside one of the shelves',
      level(holding(9), { disputed: [dispute({ physicalOnHand: -9 }, 'physical'), dispute({ onHand: -1 })] }),
      8,
      8,
    ],
    [
      'counted from what is tolerated, which the difference leaves out',
      level(holding(120), { tolerated: { onHand: 40 }, disputed: [dispute({ onHand: -100 })] }),
      60,
      60,
    ],
    [
      'ours, of what is tolerated and not disputed',
      level(holding(120), { tolerated: { onHand: -40 } }),
      120,
      undefined,
    ],
    [
      'nothing that anybody could say, of a level never observed',
      level(holding(5), { provisional: true }),
      null,
      undefined,
    ],
    [
      'nor when it is disputed, too',
      level(holding(5), { provisional: true, disputed: [dispute({ onHand: 1 })] }),
      null,
      undefined,
    ],
  ])('is %s', (_what, read, stock, zoho) => {
    expect([forSale(read), read.disputed?.zoho]).toEqual([stock, zoho]);
  });

  it('can be said of every level that can be stored, however monstrous', () => {
    const most = 2 ** 32;
    const monster = holding(most, { committed: -most, reserved: -most });
    expect(forSale(level(monster))).toBe(3 * most);
    const disputed = [dispute({ onHand: most, committed: -most })];
    const doubted = level(monster, { disputed, tolerated: { onHand: most } });
    expect([forSale(doubted), doubted.disputed?.zoho]).toEqual([3 * most, 6 * most]);
    expect(forSale(level(holding(-most, { committed: most })))).toBe(-2 * most);
  });

  it('is never more than either says, and Zoho moves with the documents as we do', () => {
    const units = fc.integer({ min: -1e9, max: 1e9 }).map((millionths) => millionths / 1e6);
    fc.assert(
      fc.property(units, units, units, units, (onHand, committed, more, sold) => {
        const disputed = [dispute({ onHand: more })];
        const before = level(holding(onHand, { committed }), { disputed });
        const after = level(holding(Math.round((onHand - sold) * 1e6) / 1e6, { committed }), { disputed });
        const [stock, zoho] = [forSale(before) ?? Number.NaN, before.disputed?.zoho ?? Number.NaN];
        expect(stock).toBeLessThanOrEqual(availableForSale(before.quantities));
        expect(stock).toBeLessThanOrEqual(zoho);
        expect(after.disputed?.zoho).toBeCloseTo(zoho - sold, 6);
      }),
    );
  });
});
