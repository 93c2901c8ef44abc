import { at, invoice, item, level, observation, openBooks } from '../spec/books';

const pen = level('pen');

/** Books in which 120 pens were observed at B = 100. */
const observedBooks = () => {
  const books = openBooks();
  books.observe(observation(pen, at(100), { onHand: 120 }));
  return books;
};
const later = (seconds: number) => ({ createdAt: at(200), modifiedAt: at(200 + seconds) });

describe('a document, version by version', () => {
  it('created, raised, lowered, voided: the level follows the newest content', () => {
    const books = observedBooks();
    const onHandAfter = (document: Parameters<typeof books.apply>[0]) => {
      expect(books.apply(document).outcome).toBe('applied');
      return books.quantities(pen).onHand;
    };
    expect(onHandAfter(invoice({ pen: 3 }, later(0)))).toBe(117);
    expect(onHandAfter(invoice({ pen: 5 }, later(10)))).toBe(115);
    expect(onHandAfter(invoice({ pen: 1 }, later(20)))).toBe(119);
    expect(onHandAfter(invoice({ pen: 1 }, { ...later(30), status: 'void' }))).toBe(120);
  });

  it('deleted, it gives everything back, and no late version brings it to life', () => {
    const books = observedBooks();
    books.apply(invoice({ pen: 3 }, later(0)));
    expect(books.apply(invoice({ pen: 3 }, { ...later(0), deleted: true })).outcome).toBe('applied');
    expect(books.quantities(pen).onHand).toBe(120);
    expect(books.apply(invoice({ pen: 9 }, later(50))).outcome).toBe('stale');
    expect(books.quantities(pen).onHand).toBe(120);
  });

  it('a line that left the document gives its level back', () => {
    const books = openBooks();
    books.apply(invoice({ pen: 3, ink: 2 }, later(0)));
    books.apply(invoice({ pen: 3 }, later(10)));
    expect(books.quantities(level('ink')).onHand).toBe(0);
    expect(books.quantities(pen).onHand).toBe(-3);
  });

  it.each([
    ['the same version again', invoice({ pen: 3 }, later(10))],
    ['an earlier version', invoice({ pen: 8 }, later(5))],
  ])('%s changes nothing', (_given, document) => {
    const books = observedBooks();
    books.apply(invoice({ pen: 3 }, later(10)));
    const decision = books.apply(document);
    expect(decision).toMatchObject({ outcome: 'stale', events: [] });
    expect(books.quantities(pen).onHand).toBe(117);
  });

  it('a version without effect is recorded, so that an older one stays older', () => {
    const books = openBooks();
    books.apply(invoice({ pen: 3 }, later(0)));
    expect(books.apply(invoice({ pen: 3 }, { ...later(20), status: 'paid' })).events).toHaveLength(1);
    expect(books.apply(invoice({ pen: 7 }, later(10))).outcome).toBe('stale');
    expect(books.quantities(pen).onHand).toBe(-3);
  });

  it('other content in the same second is applied, and looked at', () => {
    const books = observedBooks();
    books.apply(invoice({ pen: 3 }, later(0)));
    const decision = books.apply(invoice({ pen: 4 }, later(0)));
    expect(decision).toMatchObject({ outcome: 'applied', observe: [item('pen')] });
    expect(books.quantities(pen).onHand).toBe(116);
  });

  it('the same message again, after a crash between commit and ack, reports what it did, and looks at it', () => {
    const books = observedBooks();
    const cause = { kind: 'webhook', id: '42', actor: 'zoho' } as const;
    const first = books.apply(invoice({ pen: 3 }, later(0)), cause);
    const again = books.apply(invoice({ pen: 3 }, later(0)), cause);
    expect(again).toEqual({ ...first, events: [], observe: [item('pen')] });
    expect(books.quantities(pen).onHand).toBe(117);
  });
});

describe('a document and an observation', () => {
  it.each([
    ['absorbed', invoice({ pen: 3 }, { createdAt: at(50), modifiedAt: at(60) }), 'absorbed', []],
    [
      'of unknown history',
      invoice({ pen: 3 }, { createdAt: at(50), modifiedAt: at(160) }),
      'unknown-history',
      ['pen'],
    ],
    [
      'too close to tell',
      invoice({ pen: 3 }, { createdAt: at(101), modifiedAt: at(101) }),
      'unknown-history',
      ['pen'],
    ],
  ])('%s: recorded, no delta', (_given, document, outcome, observe) => {
    const books = observedBooks();
    expect(books.apply(document)).toMatchObject({ outcome, observe });
    expect(books.quantities(pen).onHand).toBe(120);
    // The next version counts from the recorded one.
    books.apply(invoice({ pen: 4 }, { createdAt: at(50), modifiedAt: at(300) }));
    expect(books.quantities(pen).onHand).toBe(119);
  });

  it('a void whose sale is inside the baseline asks for an observation', () => {
    const books = observedBooks();
    const document = invoice({ pen: 3 }, { createdAt: at(50), modifiedAt: at(160), status: 'void' });
    expect(books.apply(document)).toMatchObject({ outcome: 'unknown-history', observe: ['pen'] });
  });

  it.each([
    ['with earlier versions names its levels: one of them may have moved them', later(20), ['pen']],
    ['that is its first names none', later(0), []],
  ])('a void seen first, %s', (_what, times, named) => {
    const books = observedBooks();
    const decision = books.apply(invoice({ pen: 3 }, { ...times, status: 'void' }));
    expect(decision).toMatchObject({ outcome: 'applied', observe: [] });
    expect(decision.lines.map(({ itemId }) => itemId)).toEqual(named);
    expect(decision.events).toHaveLength(1);
  });

  it('a late version that was missing when its successor was applied asks for an observation', () => {
    const books = openBooks();
    books.apply(invoice({ pen: 1 }, { createdAt: at(50), modifiedAt: at(50) }));
    books.observe(observation(pen, at(100), { onHand: 118 })); // holds the version of second 60, not yet here
    books.apply(invoice({ pen: 5 }, { createdAt: at(50), modifiedAt: at(200) }));
    const late = books.apply(invoice({ pen: 2 }, { createdAt: at(50), modifiedAt: at(60) }));
    expect(late).toMatchObject({ outcome: 'stale', observe: ['pen'] });
  });

  it('a change of which only the day is known is counted, and looked at', () => {
    const books = openBooks();
    const someTime = { createdAt: at(50), modifiedAt: at(60), modifiedUntil: at(160) };
    const { outcome, observe } = books.apply(invoice({ pen: 3 }, someTime));
    expect({ outcome, observe }).toEqual({ outcome: 'applied', observe: ['pen'] });
    // Whether this holds it, nobody can tell: it is set, and the look that was asked for settles it.
    expect(books.observe(observation(pen, at(100), { onHand: 120 })).lookAgain).toBe(false);
  });

  it('a deletion seen first, then an observation from before it: the version it deletes asks for another', () => {
    const books = openBooks();
    const version = invoice({ pen: 3 }, { createdAt: at(90), modifiedAt: at(90) });
    books.apply({ ...version, deleted: true });
    books.observe(observation(pen, at(100), { onHand: 117 })); // holds the invoice, deleted at 105
    expect(books.apply(version)).toMatchObject({ outcome: 'stale', observe: ['pen'] });
  });

  it('a deletion that was counted is looked at: its time is not known', () => {
    const books = openBooks();
    books.apply(invoice({ pen: 3 }, later(0)));
    const deletion = invoice({ pen: 3 }, { ...later(20), deleted: true });
    expect(books.apply(deletion)).toMatchObject({ outcome: 'applied', observe: ['pen'] });
  });

  it('each level is judged by its own baseline', () => {
    const books = observedBooks();
    const decision = books.apply(invoice({ pen: 3, ink: 2 }, { createdAt: at(50), modifiedAt: at(60) }));
    expect(decision.lines.map(({ itemId, treatment }) => [itemId, treatment])).toEqual([
      ['ink', 'delta'],
      ['pen', 'absorbed'],
    ]);
    expect(decision.outcome).toBe('applied');
    expect(books.quantities(level('ink')).onHand).toBe(-2);
    expect(books.quantities(pen).onHand).toBe(120);
  });

  it('refuses a sum that could not be exact', () => {
    const books = openBooks();
    const huge = (id: number) => ({ ...invoice({ pen: -1e9 }, later(0)), id: `h${id}` as never });
    for (let n = 0; n < 4; n += 1) books.apply(huge(n));
    expect(() => books.apply(huge(4))).toThrow('beyond what can be kept exactly');
    expect(books.quantities(pen).onHand).toBe(4e9);
  });
});
