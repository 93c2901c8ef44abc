import { documentTypes } from '@tallystream/contracts';
import { documents } from '../spec/documents';
import { documentOf, linesOf, parse, parseText, RECEIVED } from '../spec/parsing';
import { body, type Json, line, PEN, payloads } from '../spec/payloads';

describe.each(documentTypes)('a document: %s', (type) => {
  const { line_items: _lines, ...withoutLines } = payloads[type];

  it("is read from Zoho's default payload", () => {
    expect(documentOf(parse(body(type)))).toEqual(documents[type]);
  });

  it('is the same under its root key without underscores', () => {
    expect(documentOf(parse({ [type.replaceAll('_', '')]: payloads[type] }))).toEqual(documents[type]);
  });

  it('is the same as a list of one', () => {
    expect(documentOf(parse({ code: 0, [type]: [payloads[type]] }))).toEqual(documents[type]);
  });

  it('is the same whether ids are text or 19 digits without quotes', () => {
    const bare = JSON.stringify(body(type)).replaceAll(/"(\d{19})"/g, '$1');
    expect(bare).toContain(`"item_id":${PEN},`);
    expect(documentOf(parseText(bare))).toEqual(documents[type]);
  });

  it('deleted, keeps the lines that it has, for they name what to look at', () => {
    expect(documentOf(parse(body(type), { event: 'deleted' }))).toEqual({
      ...documents[type],
      deleted: true,
    });
  });

  it('deleted, may name itself and nothing else', () => {
    const idField = Object.keys(payloads[type]).find((name) => name.endsWith('_id')) ?? '';
    const parsed = parse({ [type]: { [idField]: 55 } }, { event: 'deleted' });
    expect(documentOf(parsed)).toEqual({
      type,
      id: '55',
      status: expect.stringMatching(/^(deleted|received|adjusted|not_shipped)$/),
      modifiedAt: RECEIVED,
      deleted: true,
      lines: [],
    });
  });

  it.each([undefined, null, '', ' '])(
    'with %p for its lines is unreadable: that must not undo it',
    (line_items) => {
      const parsed = parse({ [type]: { ...withoutLines, line_items } });
      expect(documentOf(parsed)).toBe(`missing_field ${type}.line_items: is missing`);
    },
  );

  it('with 500 lines, and services among them, has all the others, in order', () => {
    const [own] = [payloads[type].line_items].flat() as Json[];
    const line_items = Array.from({ length: 500 }, (_, index) => ({
      ...own,
      item_id: `i${index}`,
      ...(index % 5 === 0 ? { product_type: 'service', quantity: '' } : {}),
    }));
    const lines = linesOf(parse(body(type, { line_items })));
    const items = line_items
      .filter((_, index) => index % 5 !== 0)
      .map(({ item_id }) => ({ itemId: item_id }));
    expect(lines).toMatchObject(type === 'bundle' ? [{}, ...items] : items);
    expect(lines).toHaveLength(type === 'bundle' ? 401 : 400);
  });

  it('with a quantity that cannot be read is unreadable, never 0, and names its items', () => {
    const [own] = [payloads[type].line_items].flat() as Json[];
    const name = Object.keys(own ?? {}).findLast((one) =>
      /^quantity(_transfer|_consumed|_adjusted)?$/.test(one),
    );
    const written = ['', null, 'three', 1e12, [3], true];
    expect(own).toHaveProperty(name ?? '');
    for (const value of written) {
      const line_items = [line({ ...own, [name ?? '']: value })];
      const parsed = parse(body(type, { line_items }));
      expect(documentOf(parsed)).toMatch(
        new RegExp(`^(missing|bad)_field ${type}.line_items\\[0\\].${name}: is `),
      );
      expect(parsed).toMatchObject({ items: expect.arrayContaining([PEN]) });
    }
  });

  it.each(['last_modified_time', 'created_time'])('with a %s that is none is unreadable', (name) => {
    expect(documentOf(parse(body(type, { [name]: 'a moment ago' })))).toBe(
      `bad_field ${type}.${name}: is not a time`,
    );
  });

  it('without any time is unreadable', () => {
    const parsed = parse(body(type, { last_modified_time: '', updated_time: '', created_time: '' }));
    expect(documentOf(parsed)).toBe(`missing_field ${type}.last_modified_time: is missing`);
  });

  it('with a sentence for its status is unreadable: what people write is not kept', () => {
    expect(documentOf(parse(body(type, { status: 'please ring, said Salma' })))).toBe(
      `bad_field ${type}.status: is not a status`,
    );
  });

  it.each(['', 'a.b', true])('with %p for its id is unreadable', (id) => {
    const ids = Object.keys(payloads[type]).filter((name) => name.endsWith('_id'));
    const change = Object.fromEntries(ids.slice(0, 1).map((name) => [name, id]));
    expect(documentOf(parse(body(type, change)))).toMatch(/^bad_field .*_id: is missing or not an id$/);
  });
});
