import { documentKinds } from '../organisation/document-kinds';
import { documentTypes } from '../organisation/documents';
import { type Running, startSimulator } from '../testing/running';

let running: Running;
beforeAll(async () => {
  running = await startSimulator();
  for (let day = 0; day < 20; day += 1) {
    running.wall.now += 86_400_000;
    await running.control('transactions', { count: 100, seed: day });
  }
  await running.renewToken();
});
afterAll(() => running.stop());

type Row = Record<string, string>;
const list = async (plural: string, query = '') => {
  const { body } = await running.zoho(`/inventory/v1/${plural}?${query}`);
  return { rows: body[plural] as Row[], context: body.page_context as Record<string, unknown> };
};

const listed = documentTypes.flatMap((type) => {
  const { plural } = documentKinds[type];
  return plural === undefined ? [] : [[plural, type] as const];
});

describe.each(listed)('%s', (plural, type) => {
  const { id } = documentKinds[type];

  it('are listed without lines, and each is there in full under its root key', async () => {
    const { rows } = await list(plural, 'per_page=5');
    expect(rows).toHaveLength(5);
    for (const row of rows) {
      expect(row).not.toHaveProperty('line_items');
      expect(row).toMatchObject({
        created_time: expect.stringMatching(/\+0530$/),
        status: expect.any(String),
      });
      const { body } = await running.zoho(`/inventory/v1/${plural}/${row[id]}`);
      const document = body[type] as Record<string, unknown>;
      expect(document).toMatchObject({ [id]: row[id], last_modified_time: row.last_modified_time });
      expect(document.line_items).toEqual(expect.arrayContaining([expect.anything()]));
    }
  });

  it('are found by time of modification, newest first, page by page', async () => {
    const query = 'sort_column=last_modified_time&sort_order=D';
    const { rows } = await list(plural, `${query}&per_page=200`);
    const times = rows.map((row) => row.last_modified_time ?? '');
    expect(times).toEqual([...times].sort().reverse());
    const since = times[3] ?? '';
    const newest = await list(plural, `${query}&last_modified_time=${encodeURIComponent(since)}`);
    expect(newest.rows.map((row) => row[id])).toEqual(
      rows.filter((row) => (row.last_modified_time ?? '') >= since).map((row) => row[id]),
    );
    const second = await list(plural, `${query}&per_page=2&page=2`);
    expect(second.rows.map((row) => row[id])).toEqual(rows.slice(2, 4).map((row) => row[id]));
    expect(second.context).toMatchObject({ page: 2, per_page: 2, has_more_page: true });
  });
});

it('answers 404 for a document that is not there, of another type, or of no type', async () => {
  const [invoice] = (await list('invoices')).rows;
  for (const path of ['invoices/1', `bills/${invoice?.invoice_id}`])
    expect(await running.zoho(`/inventory/v1/${path}`)).toMatchObject({ status: 404, body: { code: 1002 } });
  expect(await running.zoho('/inventory/v1/spaceships')).toMatchObject({ status: 404, body: { code: 5 } });
});
