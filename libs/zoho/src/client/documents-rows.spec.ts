import { type Json, MODIFIED } from '../spec/payloads';
import { documentRows } from './documents-rows';
import { documentLists, type ListedDocumentType, listedDocumentTypes } from './documents-table';

const ID = '2646610000012345678';
const TIME = '2026-01-07T13:31:02+0300';

const row = (type: ListedDocumentType, change: Json = {}): Json => ({
  [documentLists[type].ids[0]]: ID,
  [documentLists[type].number]: 'N-1',
  status: 'Partially Paid',
  date: '2026-01-07',
  customer_name: 'شركة النور للتجارة',
  total: '250.00',
  created_time: '2026-01-05T09:00:00+0300',
  last_modified_time: TIME,
  ...change,
});
const read = { id: ID, number: 'N-1', status: 'partially_paid', modifiedAt: MODIFIED };

describe.each(listedDocumentTypes)('a list of %s', (type) => {
  const { roots } = documentLists[type];
  const rowsOf = (change: Json, root = roots[0] ?? '') =>
    documentRows(type, { code: 0, message: 'success', [root]: [row(type, change)], page_context: {} });

  it.each(roots)('is read under %s', (root) => {
    expect(rowsOf({}, root)).toEqual([{ type, ...read }]);
  });

  it('may be empty', () => {
    expect(documentRows(type, { [roots[0] ?? '']: [] })).toEqual([]);
  });
});

describe('a row of a list', () => {
  const rowOf = (change: Json) => documentRows('invoice', { invoices: [row('invoice', change)] })[0];

  it.each([
    ['another format', { last_modified_time: '2026-01-07 10:31:02+00:00' }],
    ['another field', { last_modified_time: '', updated_time: TIME }],
  ])('may have its time in %s', (_what, change) => {
    expect(rowOf(change)?.modifiedAt).toBe(MODIFIED);
  });

  it.each([
    ['absent', undefined],
    ['blank', ''],
    ['only a day', '2026-01-07'],
    ['illegible', 'yesterday'],
  ])('has no time when it is %s', (_what, last_modified_time) => {
    expect(rowOf({ last_modified_time })).toEqual({ ...read, type: 'invoice', modifiedAt: undefined });
    expect(rowOf({ last_modified_time })).not.toHaveProperty('modifiedAt');
  });

  it('may lack number and status', () => {
    expect(rowOf({ invoice_number: ' ', status: null })).toEqual({
      type: 'invoice',
      id: ID,
      modifiedAt: MODIFIED,
    });
  });

  it('may have its id as a number that a double holds', () => {
    expect(rowOf({ invoice_id: 982000000567114 })?.id).toBe('982000000567114');
  });

  it.each([undefined, '', 'in*voice', '>'])('that names no document, %p, makes the list unreadable', (id) => {
    expect(() => rowOf({ invoice_id: id })).toThrow('invoices[0].invoice_id: is missing or not an id');
  });
});

it('an answer without the list is unreadable, not an empty list', () => {
  expect(() => documentRows('vendor_credit', { code: 0, invoices: [] })).toThrow(
    'vendor_credits or vendorcredits: is missing',
  );
});
