import fc from 'fast-check';
import { namedItems } from './named-items';

describe('the items that a body names', () => {
  it.each<{ what: string; body: Record<string, unknown>; items: readonly string[] }>([
    { what: 'its own', body: { item_id: '1', name: 'pen' }, items: ['1'] },
    {
      what: 'of lines, each once',
      body: { line_items: [{ item_id: '1' }, { item_id: 2 }, { item_id: '1' }] },
      items: ['1', '2'],
    },
    {
      what: 'of kits and deeper',
      body: { a: { b: [{ item_id: '1', mapped_items: [{ item_id: '2' }] }] }, c: [[{ item_id: '3' }]] },
      items: ['1', '2', '3'],
    },
    {
      what: 'of what was put together',
      body: { composite_item_id: '9', line_items: { item_id: '1' } },
      items: ['9', '1'],
    },
    {
      what: 'beside ids that are none',
      body: { item_id: 'a.b', rows: [{ item_id: true }, { item_id: '1' }] },
      items: ['1'],
    },
    { what: 'beside blanks', body: { item_id: '', rows: [{ item_id: null }, { item_id: ' ' }] }, items: [] },
    {
      what: 'and nothing else',
      body: { line_item_id: '1', warehouse_id: '2', so_line_item_id: '3' },
      items: [],
    },
    { what: 'none', body: {}, items: [] },
  ])('$what', ({ body, items }) => {
    expect(namedItems(body)).toEqual(items);
  });

  it('are found without end of nesting, and nothing breaks', () => {
    const depth = 5_000;
    const nested: Record<string, unknown> = JSON.parse(
      `${'{"a":'.repeat(depth)}{"item_id":"1"}${'}'.repeat(depth)}`,
    );
    expect(namedItems(nested)).toEqual([]);
    expect(namedItems({ item_id: '2', nested })).toEqual(['2']);
  });

  it('are looked for without throwing, whatever comes', () => {
    const key = fc.constantFrom('item_id', 'composite_item_id', 'line_items', 'x');
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue()), (body) => {
        for (const id of namedItems(body)) expect(id).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
      }),
    );
  });
});
