import {
  type Delta,
  type Dispute,
  driftIdSchema,
  forSale,
  forSaleBefore,
  instantFrom,
  itemIdSchema,
  readLevel,
  warehouseIdSchema,
  zero,
} from '@tallystream/contracts';
import * as fc from 'fast-check';
import { type Level, moveLevel } from './level';

const units = fc.integer({ min: -1e9, max: 1e9 }).map((millionths) => millionths / 1e6);
const delta: fc.Arbitrary<Delta> = fc.record(
  { onHand: units, committed: units, inTransit: units, reserved: units },
  { requiredKeys: [] },
);
const dispute: fc.Arbitrary<Dispute> = fc.record({
  driftId: fc.constant(driftIdSchema.parse('drift')),
  side: fc.constantFrom('accounting', 'physical'),
  difference: delta,
  zoho: fc.constant({}),
  since: fc.constantFrom(instantFrom(0), instantFrom(60_000)),
});
const level: fc.Arbitrary<Level> = fc.record({
  revision: fc.integer({ min: 1, max: 99 }),
  quantities: delta.map((some) => ({ ...zero, ...some })),
  provisional: fc.boolean(),
  disputed: fc.array(dispute, { maxLength: 2 }),
  tolerated: delta,
});

describe('a level that a document moves', () => {
  it('says in its event what could be sold before, as reads did', () => {
    fc.assert(
      fc.property(level, delta, (before, moved) => {
        const event = moveLevel(
          before,
          moved,
          { itemId: itemIdSchema.parse('item'), warehouseId: warehouseIdSchema.parse('main') },
          {
            reason: 'sale',
            cause: { kind: 'webhook', id: '1', actor: 'zoho' },
            occurredAt: instantFrom(60_000),
          },
        );
        fc.pre(event !== undefined);
        expect(forSaleBefore(event)).toBe(forSale(readLevel({ ...before, after: before.quantities })));
      }),
    );
  });
});
