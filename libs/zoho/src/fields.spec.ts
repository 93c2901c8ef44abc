import fc from 'fast-check';
import {
  amount,
  counter,
  flag,
  isFields,
  itemId,
  list,
  moment,
  neededQuantity,
  quantity,
  status,
  text,
  UnreadableDocument,
  warehouseId,
} from './fields';

/** What a reader says: the value, or path and fault in words. */
const said = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnreadableDocument) return `${error.reason} ${error.message}`;
    throw error;
  }
};

describe('text', () => {
  it.each([
    { value: 'sent', read: 'sent' },
    { value: '  sent ', read: 'sent' },
    { value: 'شركة', read: 'شركة' },
    { value: 15, read: '15' },
    { value: 0, read: '0' },
    { value: '', read: undefined },
    { value: ' ', read: undefined },
    { value: null, read: undefined },
    { value: undefined, read: undefined },
    { value: true, read: undefined },
    { value: ['sent'], read: undefined },
    { value: { text: 'sent' }, read: undefined },
  ])('given $value, is $read', ({ value, read }) => {
    expect(text({ name: value }, 'name')).toBe(read);
  });
});

describe('a flag', () => {
  it.each([
    { value: true, read: true },
    { value: 'true', read: true },
    { value: false, read: false },
    { value: 'false', read: false },
    { value: '', read: undefined },
    { value: 1, read: undefined },
    { value: undefined, read: undefined },
  ])('given $value, is $read', ({ value, read }) => {
    expect(flag({ on: value }, 'on')).toBe(read);
  });
});

describe('a status', () => {
  it.each([
    { value: 'Partially Paid', read: 'partially_paid' },
    { value: 'partially_paid', read: 'partially_paid' },
    { value: 'pending-approval', read: 'pending_approval' },
    { value: ' Void ', read: 'void' },
    { value: '', read: undefined },
  ])('given $value, is $read', ({ value, read }) => {
    expect(status({ status: value })).toBe(read);
  });
});

describe('a list', () => {
  it.each([
    { value: undefined, read: [] },
    { value: null, read: [] },
    { value: '', read: [] },
    { value: ' ', read: [] },
    { value: [], read: [] },
    { value: [{ a: 1 }, {}], read: [{ a: 1 }, {}] },
    { value: {}, read: [{}] },
    { value: { a: 1 }, read: [{ a: 1 }] },
    { value: 'none', read: 'bad_field bill.rows: is not a list' },
    { value: 0, read: 'bad_field bill.rows: is not a list' },
    { value: [{}, 'x'], read: 'bad_field bill.rows[1]: is not an object' },
    { value: [{}, {}, null], read: 'bad_field bill.rows[2]: is not an object' },
    { value: [[]], read: 'bad_field bill.rows[0]: is not an object' },
  ])('given $value, is $read', ({ value, read }) => {
    expect(said(() => list({ rows: value }, 'rows', 'bill'))).toEqual(read);
  });
});

describe.each([
  { what: 'an item', read: itemId },
  { what: 'a warehouse', read: warehouseId },
])('the id of $what', ({ read }) => {
  it.each([
    { value: '2646610000000109854', id: '2646610000000109854' },
    { value: 982000000030049, id: '982000000030049' },
    { value: 0, id: '0' },
    { value: undefined, id: undefined },
    { value: null, id: undefined },
    { value: '', id: undefined },
    { value: ' ', id: undefined },
    { value: 'a.b', id: 'bad_field line.the_id: is not an id' },
    { value: 'a b', id: 'bad_field line.the_id: is not an id' },
    { value: 1.5, id: 'bad_field line.the_id: is not an id' },
    { value: 2 ** 53, id: 'bad_field line.the_id: is not an id' },
    { value: 1e300, id: 'bad_field line.the_id: is not an id' },
    { value: true, id: 'bad_field line.the_id: is not an id' },
    { value: {}, id: 'bad_field line.the_id: is not an id' },
  ])('given $value, is $id', ({ value, id }) => {
    expect(said(() => read({ the_id: value }, 'the_id', 'line'))).toBe(id);
  });
});

const NO_QUANTITY = 'bad_field line.quantity: is not a quantity';
const MISSING = 'missing_field line.quantity: is missing';
const NEGATIVE = 'bad_field line.quantity: is negative';

describe('a quantity', () => {
  // What each reader makes of the same field: optional, needed, an amount, a counter.
  it.each([
    { value: 3, optional: 3 },
    { value: '3', optional: 3 },
    { value: '3.50', optional: 3.5 },
    { value: ' 3 ', optional: 3 },
    { value: '.5', optional: 0.5 },
    { value: '5.', optional: 5 },
    { value: '+2', optional: 2 },
    { value: 0, optional: 0 },
    { value: '0.00', optional: 0 },
    { value: -0, optional: 0 },
    { value: '-0', optional: 0 },
    { value: 1e3, optional: 1000 },
    { value: 0.1 + 0.2, optional: 0.3 },
    { value: '0.3000000000000000444', optional: 0.3 },
    { value: '1.0000004', optional: 1 },
    { value: 1_000_000_000, optional: 1_000_000_000 },
    { value: -3, optional: -3, amount: NEGATIVE },
    { value: '-0.5', optional: -0.5, amount: NEGATIVE },
    { value: '-1000000000', optional: -1_000_000_000, amount: NEGATIVE },
    { value: undefined, optional: undefined, needed: MISSING, counter: 0 },
    { value: null, optional: undefined, needed: MISSING, counter: 0 },
    { value: '', optional: undefined, needed: MISSING, counter: 0 },
    { value: ' ', optional: undefined, needed: MISSING, counter: 0 },
    { value: '1e3', optional: NO_QUANTITY },
    { value: 'NaN', optional: NO_QUANTITY },
    { value: 'Infinity', optional: NO_QUANTITY },
    { value: Number.NaN, optional: NO_QUANTITY },
    { value: Number.POSITIVE_INFINITY, optional: NO_QUANTITY },
    { value: 'five', optional: NO_QUANTITY },
    { value: '1,000', optional: NO_QUANTITY },
    { value: '1.2.3', optional: NO_QUANTITY },
    { value: '5 pcs', optional: NO_QUANTITY },
    { value: '٥', optional: NO_QUANTITY },
    { value: '0x10', optional: NO_QUANTITY },
    { value: '--1', optional: NO_QUANTITY },
    { value: '.', optional: NO_QUANTITY },
    { value: true, optional: NO_QUANTITY },
    { value: [1], optional: NO_QUANTITY },
    { value: {}, optional: NO_QUANTITY },
    { value: 1_000_000_000.5, optional: NO_QUANTITY },
    { value: -1e12, optional: NO_QUANTITY },
    { value: '2646610000000109854', optional: NO_QUANTITY },
    { value: Number.MAX_VALUE, optional: NO_QUANTITY },
  ])('given $value, is $optional', ({ value, optional, ...stated }) => {
    const needed = stated.needed ?? optional;
    const asAmount = stated.amount ?? needed;
    const read = (reader: typeof quantity) => said(() => reader({ quantity: value }, 'quantity', 'line'));
    expect(read(quantity)).toBe(optional);
    expect(read(neededQuantity)).toBe(needed);
    expect(read(amount)).toBe(asAmount);
    expect(read(counter)).toBe(stated.counter ?? asAmount);
  });

  it('is the same, written as number or as text', () => {
    const millionths = fc.integer({ min: -(10 ** 15), max: 10 ** 15 });
    fc.assert(
      fc.property(millionths, (whole) => {
        const value = whole / 1e6;
        const written = value.toFixed(6);
        expect(quantity({ q: written }, 'q', '')).toBe(quantity({ q: value }, 'q', ''));
        expect(quantity({ q: value }, 'q', '')).toBe(value);
      }),
    );
  });

  it('is a number in range or a refusal, whatever stands there', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const read = said(() => quantity({ quantity: value }, 'quantity', 'line'));
        if (typeof read === 'number') expect(Math.abs(read)).toBeLessThanOrEqual(1_000_000_000);
        else expect([undefined, NO_QUANTITY]).toContain(read);
      }),
    );
  });
});

const NO_TIME = 'bad_field bill.last_modified_time: is not a time';

describe('a moment', () => {
  it.each([
    { written: '2024-11-28T14:52:55+0530', from: '2024-11-28T09:22:55Z' },
    { written: '2024-11-28T14:52:55-0800', from: '2024-11-28T22:52:55Z' },
    { written: '2024-11-28T14:52:55+05:30', from: '2024-11-28T09:22:55Z' },
    { written: '2024-11-28T14:52:55+0000', from: '2024-11-28T14:52:55Z' },
    { written: '2024-11-28T14:52:55Z', from: '2024-11-28T14:52:55Z' },
    { written: '2024-11-28T01:00:00+0545', from: '2024-11-27T19:15:00Z' },
    { written: '2024-12-31T23:59:59-1200', from: '2025-01-01T11:59:59Z' },
    { written: '2015-05-28 00:00:00+00:00', from: '2015-05-28T00:00:00Z' },
    { written: '2015-05-28 16:20:30 +0300', from: '2015-05-28T13:20:30Z' },
    { written: '2015-05-28 16:20 +0300', from: '2015-05-28T13:20:00Z' },
    { written: ' 2024-11-28T14:52:55+0530 ', from: '2024-11-28T09:22:55Z' },
    { written: '2024-11-28T14:52:55.999+0530', from: '2024-11-28T09:22:55Z' },
    { written: '2024-11-28T14:52:55.123456Z', from: '2024-11-28T14:52:55Z' },
    { written: '2024-02-29T23:30:00-0100', from: '2024-03-01T00:30:00Z' },
  ])('given "$written", is $from, to the second', ({ written, from }) => {
    expect(moment({ at: written }, 'at', 'bill')).toEqual({ from });
  });

  it.each([
    { written: '2024-11-28', from: '2024-11-27T10:00:00Z', until: '2024-11-29T12:00:00Z' },
    { written: '2024-01-01', from: '2023-12-31T10:00:00Z', until: '2024-01-02T12:00:00Z' },
    { written: '2024-02-29', from: '2024-02-28T10:00:00Z', until: '2024-03-01T12:00:00Z' },
  ])('given only the day $written, is the span of that day in all zones', ({ written, from, until }) => {
    expect(moment({ at: written }, 'at', 'bill')).toEqual({ from, until });
  });

  it.each([undefined, null, '', '  '])('given %p, is absent', (written) => {
    expect(moment({ at: written }, 'at', 'bill')).toBeUndefined();
  });

  it.each([
    'yesterday',
    '28/11/2024',
    '28 Nov 2024 02:52 PM',
    '2024-11-28T14:52:55',
    '2024-11-28 14:52',
    '2024-11-28T14:52:55+5',
    '2024-11-28T14:52:55 IST',
    '2024-13-28T14:52:55+0530',
    '2024-02-30T14:52:55+0530',
    '2023-02-29',
    '2024-02-30',
    '2024-11-28T25:52:55+0530',
    '2024-11-28T14:60:55+0530',
    '2024-11-28T14:52:55+9900',
    '0000-00-00',
    '0000-00-00 00:00:00+0000',
    '0000-01-01',
    '9999-12-31',
    '0000-01-01T00:00:00+0530',
    '9999-12-31T23:59:59-0800',
    1732785775,
    '2024-11-28T14:52:55+0530 and more',
  ])('given %p, is refused', (written) => {
    expect(said(() => moment({ last_modified_time: written }, 'last_modified_time', 'bill'))).toBe(NO_TIME);
  });

  it('is the same moment in every zone', () => {
    const seconds = fc.integer({ min: Date.UTC(2000, 0) / 1000, max: Date.UTC(2099, 0) / 1000 });
    const quarters = fc.integer({ min: -48, max: 56 });
    fc.assert(
      fc.property(seconds, quarters, (second, quarter) => {
        const there = new Date((second + quarter * 900) * 1000).toISOString().slice(0, 19);
        const minutes = Math.abs(quarter * 15);
        const zone = `${Math.floor(minutes / 60)}`.padStart(2, '0') + `${minutes % 60}`.padStart(2, '0');
        const written = `${there}${quarter < 0 ? '-' : '+'}${zone}`;
        expect(moment({ at: written }, 'at', '')?.from).toBe(
          new Date(second * 1000).toISOString().replace('.000Z', 'Z'),
        );
      }),
    );
  });
});

describe('an object of fields', () => {
  it.each([
    { value: {}, is: true },
    { value: { a: 1 }, is: true },
    { value: [], is: false },
    { value: null, is: false },
    { value: 'text', is: false },
    { value: 5, is: false },
    { value: undefined, is: false },
  ])('given $value: $is', ({ value, is }) => {
    expect(isFields(value)).toBe(is);
  });
});
