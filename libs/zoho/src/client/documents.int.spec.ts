import { documentIdSchema } from '@tallystream/contracts';
import { documents } from '../spec/documents';
import { documentOf, parseText } from '../spec/parsing';
import { body, PEN, payloads } from '../spec/payloads';
import { replicas, sweep } from '../spec/replicas';
import { type Answer, json, type ZohoServer, zohoWithToken } from '../spec/zoho-server';
import { deletedDocument, documentPath } from './documents';
import { documentLists, listedDocumentTypes } from './documents-table';

const ID = documentIdSchema.parse('2646610000012345678');
const INVOICES = '/inventory/v1/invoices';
const success = { code: 0, message: 'success' };
const page = (rows: readonly unknown[], hasMore = false): Answer =>
  json({ ...success, invoices: rows, page_context: { page: 1, has_more_page: hasMore } });
const answerOf = (status: number, code: number, message: string): Answer =>
  json({ code, message }, { status });

const { open, close } = replicas();
let zoho: ZohoServer;
afterEach(async () => {
  await close();
  await zoho.close();
});

describe('a list of documents', () => {
  it('is asked for newest change first, and for no time: Zoho takes that for the very second', async () => {
    zoho = await zohoWithToken({ [INVOICES]: [page([{ invoice_id: ID }], true)] });
    const client = await open(zoho.url);
    expect(await client.listDocuments('invoice', { page: 2, perPage: 198 }, sweep)).toEqual({
      asOf: '2026-01-07T10:30:00Z',
      rows: [{ type: 'invoice', id: ID }],
      hasMore: true,
      isSorted: true,
    });
    expect(Object.fromEntries(zoho.to(INVOICES)[0]?.query ?? [])).toEqual({
      organization_id: '10234695',
      page: '2',
      per_page: '198',
      sort_column: 'last_modified_time',
      sort_order: 'D',
    });
  });

  it('that cannot be sorted is asked for as it is, from then on at once', async () => {
    const refusal = answerOf(400, 2, 'Invalid value passed for sort_column');
    zoho = await zohoWithToken({
      [INVOICES]: ({ query }) => (query.has('sort_column') ? refusal : page([{ invoice_id: ID }])),
    });
    const client = await open(zoho.url);
    for (let time = 0; time < 2; time += 1)
      expect(await client.listDocuments('invoice', { page: 1, perPage: 200 }, sweep)).toMatchObject({
        rows: [{ id: ID }],
        isSorted: false,
      });
    expect(zoho.to(INVOICES).map(({ query }) => query.has('sort_column'))).toEqual([true, false, false]);
  });

  it.each([
    [{ sort_column: 'last_modified_time', sort_order: 'D' }, true],
    [{ sort_column: 'last_modified_time', sort_order: 'descending' }, true],
    [{ sort_column: 'last_modified_time', sort_order: 'A' }, false],
    [{ sort_column: 'created_time', sort_order: 'D' }, false],
    [{ sort_column: '' }, true],
  ])('that Zoho says has the order %j is taken at its word', async (page_context, isSorted) => {
    zoho = await zohoWithToken({ [INVOICES]: [json({ ...success, invoices: [], page_context })] });
    const asked = (await open(zoho.url)).listDocuments('invoice', { page: 1, perPage: 200 }, sweep);
    expect(await asked).toMatchObject({ isSorted, hasMore: false });
  });

  it.each([
    ['may not be read', answerOf(401, 57, 'You are not authorized'), 'missing_scope', 1],
    ['is not there', answerOf(404, 5, 'Invalid URL Passed'), 'not_found', 1],
    ['is refused in whatever order', answerOf(400, 9, 'Not enabled'), 'refused', 2],
    ['has a row without an id', page([{ invoice_id: '' }]), 'unreadable', 1],
    ['has another root', json({ ...success, bills: [] }), 'unreadable', 1],
  ])('that %s says so', async (_what, answer, kind, calls) => {
    zoho = await zohoWithToken({ [INVOICES]: [answer] });
    const asked = (await open(zoho.url)).listDocuments('invoice', { page: 1, perPage: 200 }, sweep);
    await expect(asked).rejects.toMatchObject({ name: 'ZohoError', kind });
    expect(zoho.to(INVOICES)).toHaveLength(calls);
  });
});

describe.each(listedDocumentTypes)('a document: %s', (type) => {
  const path = `/inventory/v1/${documentLists[type].path}/${ID}`;

  it('is what its webhook would be', async () => {
    const inside = type === 'salesreturn' ? 'salesreturnreceive' : type;
    const content =
      type === 'salesreturn'
        ? { salesreturn: { salesreturn_id: ID, salesreturnreceives: [payloads.salesreturnreceive] } }
        : body(type);
    zoho = await zohoWithToken({ [path]: [json({ ...success, ...content })] });
    const read = await (await open(zoho.url)).document(type, ID, sweep);
    expect(read).toBe(JSON.stringify(content));
    expect(documentOf(parseText(read ?? ''))).toEqual(documents[inside]);
  });

  it('keeps every digit', async () => {
    const bare = `{"code":0,"message":"success","${type}":{"id":${PEN},"rate":2.50}}`;
    zoho = await zohoWithToken({ [path]: [{ body: bare }] });
    const read = await (await open(zoho.url)).document(type, ID, sweep);
    expect(read).toBe(`{"${type}":{"id":${PEN},"rate":2.50}}`);
  });

  it('that is gone is nothing, and can be told as a deletion', async () => {
    zoho = await zohoWithToken({ [path]: [answerOf(404, 1002, 'Resource does not exist')] });
    expect(await (await open(zoho.url)).document(type, ID, sweep)).toBeUndefined();
    if (type === 'salesreturn') return;
    const told = documentOf(parseText(deletedDocument(type, ID), { event: 'deleted' }));
    expect(told).toMatchObject({ type, id: ID, deleted: true, lines: [] });
  });
});

it('that there is no such URL does not say that a document is gone', async () => {
  zoho = await zohoWithToken({ [`${INVOICES}/${ID}`]: [answerOf(404, 5, 'Invalid URL Passed')] });
  const asked = (await open(zoho.url)).document('invoice', ID, sweep);
  await expect(asked).rejects.toMatchObject({ kind: 'not_found', code: 5 });
});

it('has the path of its list', () => {
  expect(documentPath('purchase_receive', ID)).toBe(`purchasereceives/${ID}`);
});
