import { isLoopback } from './control/loopback.guard';
import { FIRST_ITEM_ID } from './organisation/catalogue';
import { type Running, startSimulator } from './testing/running';

const MAIN = '2646610000000077024';
let running: Running;
beforeAll(async () => {
  running = await startSimulator({ items: 450 });
});
afterAll(() => running.stop());

describe('control', () => {
  it('books an invoice, shows it in truth, REST and document, and takes it back', async () => {
    const { control, show, zoho } = running;
    const made = await control('invoices', { itemId: FIRST_ITEM_ID, quantity: 3 });
    const { invoice } = made.body.document as { invoice: Record<string, string> };
    expect(made.body.webhook).toMatchObject({ event: 'invoice.created', outcome: 'disabled' });
    expect((await show(`truth/${FIRST_ITEM_ID}`)).body.levels).toContainEqual(
      expect.objectContaining({ warehouseId: MAIN, onHand: 117, physicalOnHand: 120 }),
    );
    const shown = await show(`documents/invoice/${invoice.invoice_id}`);
    expect(shown.body).toEqual(made.body.document);
    expect((await zoho(`/inventory/v1/invoices/${invoice.invoice_id}`)).body).toMatchObject(shown.body);
    const { invoice_id: id, invoice_number: number } = invoice;
    for (const query of ['', `?number=${number}`, '?limit=1'])
      expect((await show(`documents/invoice${query}`)).body.documents).toEqual([
        { id, number, status: 'sent' },
      ]);
    expect((await show('documents/invoice?number=INV-0')).body.documents).toEqual([]);
    await control(`invoices/${invoice.invoice_id}/void`);
    expect(await control(`invoices/${invoice.invoice_id}/void`)).toMatchObject({ status: 409 });
    await control(`invoices/${invoice.invoice_id}/delete`);
    expect(await control(`invoices/${invoice.invoice_id}/delete`)).toMatchObject({ status: 404 });
  });

  it('books random transactions, the same from the same seed', async () => {
    const report = await running.control('transactions', {
      count: 30,
      seed: 5,
      types: ['bill', 'salesorder'],
    });
    expect(report.body).toMatchObject({ booked: 30, delivered: 0, failed: 0 });
    const { bill = 0, salesorder = 0 } = report.body.byType as Record<string, number>;
    expect(bill + salesorder).toBe(30);
    expect(bill * salesorder).toBeGreaterThan(0);
  });

  it.each([
    ['invoices', { itemId: FIRST_ITEM_ID, quantity: 0 }],
    ['invoices', { itemId: FIRST_ITEM_ID, quantity: 0.0000001 }],
    ['invoices', { itemId: FIRST_ITEM_ID, quantity: 1, warehouse: MAIN }],
    ['invoices', { itemId: '1', quantity: 1 }],
    ['transactions', { count: 0 }],
    ['transactions', { count: 1, types: ['purchaseorder'] }],
    ['delivery', { lose: 1.5 }],
    ['bookings', { action: 'toString', input: {} }],
    ['bookings', { action: 'bill.create', input: {} }],
    ['invoices', undefined],
    ['items', { name: '' }],
    ['items', { name: 'Kettle', rate: 1.005 }],
    [`items/${FIRST_ITEM_ID}/shift`, {}],
    [`items/${FIRST_ITEM_ID}/shift`, { onHand: 0.0000001 }],
    [`items/${FIRST_ITEM_ID}/spoil`, { how: 'much' }],
    ['limits', { perMinute: 0 }],
    ['accounts', { lifeSeconds: 0.5 }],
    ['faults', { kind: 'flood' }],
    ['manners', { places: 'shelves' }],
  ])('answers 400 to %s %j', async (path, body) => {
    expect(await running.control(path, body)).toMatchObject({ status: 400, body: { error: 'bad_input' } });
  });

  it('knows loopback addresses from others', () => {
    expect(['127.0.0.1', '::1', '::ffff:127.0.0.1'].map(isLoopback)).toEqual([true, true, true]);
    expect(['10.0.0.1', '::ffff:10.0.0.1', '', '1127.0.0.1'].map(isLoopback)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('time', () => {
  it('is its own, in answers never before a document it holds', async () => {
    const { control, wall, zoho } = running;
    const date = async () =>
      Date.parse((await zoho('/inventory/v1/organizations')).headers.get('date') ?? '');
    expect(await date()).toBeGreaterThanOrEqual(wall.now);
    wall.now += 3_600_000;
    const made = await control('invoices', { itemId: FIRST_ITEM_ID, quantity: 1 });
    const { invoice } = made.body.document as { invoice: Record<string, string> };
    const edited = await control(`invoices/${invoice.invoice_id}`, { quantity: 2 });
    const [before, after] = [made, edited].map(({ body }) => {
      const { invoice: version } = body.document as { invoice: Record<string, string> };
      return Date.parse(String(version.last_modified_time).replace('+0530', '+05:30'));
    });
    expect(after).toBe(Number(before) + 1000);
    expect(await date()).toBe(after);
  });
});
