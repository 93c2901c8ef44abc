import { documentIdSchema, itemIdSchema, levelKey, runIdSchema, streamSeq, warehouseIdSchema } from './ids';

const schemas = [
  { what: 'an item', schema: itemIdSchema },
  { what: 'a warehouse', schema: warehouseIdSchema },
  { what: 'a document', schema: documentIdSchema },
  { what: 'a run', schema: runIdSchema },
];

describe.each(schemas)('the id of $what', ({ schema }) => {
  it.each(['2646610000000109854', 'a', 'A-b_9', 'x'.repeat(64)])('given %s, is taken as it is', (id) => {
    expect(schema.parse(id)).toBe(id);
  });

  it.each([
    '',
    ' ',
    'a b',
    'a.b',
    'a*',
    '>',
    'a:b',
    'a/b',
    'a\n',
    'مستودع',
    'é',
    'x'.repeat(65),
    2646610000000109,
    null,
    undefined,
  ])('given %p, is refused: a subject cannot carry it', (id) => {
    expect(schema.safeParse(id).success).toBe(false);
  });

  it('says which characters it may have', () => {
    expect(schema.safeParse('a.b').error?.issues[0]?.message).toBe(
      'must be 1 to 64 of the characters A-Z a-z 0-9 _ -',
    );
  });
});

describe('the key of a level', () => {
  it('is the warehouse, then the item, as at the end of its subject', () => {
    const level = { itemId: itemIdSchema.parse('11'), warehouseId: warehouseIdSchema.parse('77') };
    expect(levelKey(level)).toBe('77.11');
  });
});

describe('a stream sequence', () => {
  it.each([0, 1, Number.MAX_SAFE_INTEGER])('may be %p', (value) => {
    expect(streamSeq(value)).toBe(value);
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 53])('cannot be %p', (value) => {
    expect(() => streamSeq(value)).toThrow();
  });
});
