import { moveLevel } from '../level/level';
import { at, invoice, level, observation, openBooks } from '../spec/books';
import { decideObservation } from './decide-observation';

const pen = level('pen');

describe('an observation', () => {
  it('makes a level known, even at zero', () => {
    const books = openBooks();
    const { event } = books.observe(observation(pen, at(100), {}));
    expect(event).toMatchObject({
      revision: 1,
      provisional: false,
      baselineAsOf: at(100),
      reason: 'observation',
    });
    expect(books.level(pen).provisional).toBe(false);
  });

  it('sets what Zoho said, whatever the deltas before it came to', () => {
    const books = openBooks();
    books.apply(invoice({ pen: 3 }, { modifiedAt: at(10) }));
    expect(books.level(pen).provisional).toBe(true);
    books.observe(observation(pen, at(100), { onHand: 120, physicalOnHand: 121, inTransit: 4 }));
    expect(books.quantities(pen)).toMatchObject({ onHand: 120, physicalOnHand: 121, inTransit: 4 });
  });

  it('keeps what newer documents did since', () => {
    const books = openBooks();
    books.apply(invoice({ pen: 3 }, { createdAt: at(150), modifiedAt: at(150) }));
    const { lookAgain } = books.observe(observation(pen, at(100), { onHand: 120 }));
    expect(books.quantities(pen).onHand).toBe(117);
    expect(lookAgain).toBe(false);
  });

  it.each([
    ['changed within the margin', { createdAt: at(0), modifiedAt: at(98) }],
    ['existed before and changed after', { createdAt: at(0), modifiedAt: at(150) }],
    [
      'changed after, and nobody knows when it was made',
      { modifiedAt: at(150), createdAt: undefined as never },
    ],
    ['was created within the margin', { createdAt: at(102), modifiedAt: at(150) }],
  ])('asks for another look when a document %s', (_given, times) => {
    const books = openBooks();
    books.apply(invoice({ pen: 3 }, times));
    expect(books.observe(observation(pen, at(100), { onHand: 120 })).lookAgain).toBe(true);
  });

  it('that agrees writes nothing', () => {
    const books = openBooks();
    books.observe(observation(pen, at(100), { onHand: 120 }));
    expect(books.observe(observation(pen, at(200), { onHand: 120 })).event).toBeUndefined();
    expect(books.level(pen)).toMatchObject({ revision: 1, baselineAsOf: at(100) });
  });

  it('older than the baseline is dropped', () => {
    const books = openBooks();
    books.observe(observation(pen, at(100), { onHand: 120 }));
    expect(books.observe(observation(pen, at(90), { onHand: 5 })).event).toBeUndefined();
  });

  it('leaves what is reserved alone', () => {
    const reserved = moveLevel(
      { revision: 0, quantities: { ...openBooks().quantities(pen) }, provisional: false },
      { reserved: 7 },
      pen,
      { reason: 'reservation', cause: { kind: 'api', id: '1', actor: 'shop' }, occurredAt: at(1) },
    );
    const level7 = {
      revision: 1,
      quantities: reserved?.after ?? openBooks().quantities(pen),
      provisional: false,
    };
    const cause = { kind: 'observation', id: '2', actor: 'reconciler' } as const;
    const { event } = decideObservation(
      level7,
      [],
      { observation: observation(pen, at(100), { onHand: 20 }), cause },
      { trustMarginMs: 2_000 },
    );
    expect(event).toMatchObject({ after: { onHand: 20, reserved: 7 }, delta: { onHand: 20 } });
  });
});
