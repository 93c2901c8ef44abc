import { zero } from '@tallystream/contracts';
import fc from 'fast-check';
import type { StockDocument } from '../index';
import { at, documentId, item, level, openBooks } from './books';
import { sampleLevels, samples } from './samples';
import { seed } from './seed';

const CREATED = 200;
const pen = level('pen');
const head = { id: documentId('t-1'), deleted: false, createdAt: at(CREATED) };
const roundedDown = (value: number): number => Math.floor(value * 1_000_000) / 1_000_000;

describe('a transfer order', () => {
  const quantity = fc.integer({ min: 0, max: 9_999_999 }).map((millionths) => millionths / 1_000_000);
  const line = fc.tuple(
    fc.constantFrom(...sampleLevels),
    quantity,
    fc.array(fc.integer({ min: 0, max: 100 })),
  );

  it('moves and never creates: in transit, partially transferred, transferred', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), (lines) => {
        const books = openBooks();
        const arrivals = Math.max(...lines.map(([, , parts]) => parts.length));
        for (let step = 0; step <= arrivals + 1; step += 1) {
          const isLast = step === arrivals + 1;
          const content = samples.transfer_order.content(
            lines.map(([ref, sent, parts]) => {
              const percent = parts.slice(0, step).reduce((sum, one) => sum + one, 0);
              return { ...ref, quantity: sent, first: isLast ? sent : roundedDown((sent * percent) / 100) };
            }),
          );
          const status = step === 0 ? 'in_transit' : isLast ? 'transferred' : 'partially_transferred';
          books.apply({ ...head, status, modifiedAt: at(CREATED + step * 10), ...content });

          for (const name of ['pen', 'ink']) {
            const places = ['main', 'south'].map((place) => books.quantities(level(name, place)));
            const millionths = (of: 'onHand' | 'physicalOnHand' | 'inTransit') =>
              places.reduce((sum, place) => sum + Math.round(place[of] * 1_000_000), 0);
            expect(millionths('onHand') + millionths('inTransit')).toBe(0);
            expect(millionths('physicalOnHand') + millionths('inTransit')).toBe(0);
            if (isLast) expect(millionths('inTransit')).toBe(0);
          }
        }
      }),
      { numRuns: 300, seed },
    );
  });

  it.each([
    { status: 'in_transit', received: 0, source: -10, destination: 0, inTransit: 10 },
    { status: 'partially_transferred', received: 4, source: -10, destination: 4, inTransit: 6 },
    { status: 'transferred', received: 10, source: -10, destination: 10, inTransit: 0 },
    { status: 'draft', received: 0, source: 0, destination: 0, inTransit: 0 },
    { status: 'void', received: 4, source: 0, destination: 0, inTransit: 0 },
  ])('of 10, $status: $source, on its way $inTransit, arrived $destination', (row) => {
    const books = openBooks();
    const content = samples.transfer_order.content([{ ...pen, quantity: 10, first: row.received }]);
    // Whatever was applied before: its effect goes, the new one comes.
    const sent = samples.transfer_order.content([{ ...pen, quantity: 10, first: 1 }]);
    books.apply({ ...head, status: 'partially_transferred', modifiedAt: at(CREATED), ...sent });
    books.apply({ ...head, status: row.status, modifiedAt: at(CREATED + 10), ...content });
    const { source, destination, inTransit } = row;
    expect(books.quantities(pen)).toEqual({ ...zero, onHand: source, physicalOnHand: source });
    expect(books.quantities(level('pen', 'south'))).toEqual({
      ...zero,
      onHand: destination,
      physicalOnHand: destination,
      inTransit,
    });
  });

  it('that goes elsewhere takes back what was on its way', () => {
    const books = openBooks();
    const to = (destination: string): StockDocument => ({
      ...head,
      status: 'in_transit',
      modifiedAt: at(destination === 'south' ? CREATED : CREATED + 10),
      type: 'transfer_order',
      lines: [{ ...pen, quantity: 2, received: 0, destinationId: level('pen', destination).warehouseId }],
    });
    books.apply(to('south'));
    const { observe } = books.apply(to('north'));
    expect(books.quantities(level('pen', 'south')).inTransit).toBe(0);
    expect(books.quantities(level('pen', 'north')).inTransit).toBe(2);
    expect(books.quantities(pen).onHand).toBe(-2);
    expect(observe).not.toContain(item('pen'));
  });
});
