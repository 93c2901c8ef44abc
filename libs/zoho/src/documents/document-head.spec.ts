import { documentOf, parse, RECEIVED } from '../spec/parsing';
import { body, CREATED, type Json, MAIN, MODIFIED } from '../spec/payloads';

describe('when a document was made and changed', () => {
  it.each<{ what: string; event: string; change: Json; times: Json }>([
    {
      what: 'another zone',
      event: 'updated',
      change: { last_modified_time: '2026-01-07T02:31:02-0800' },
      times: { modifiedAt: MODIFIED },
    },
    {
      what: 'a space in the time',
      event: 'updated',
      change: { last_modified_time: '2026-01-07 10:31:02+00:00' },
      times: { modifiedAt: MODIFIED },
    },
    {
      what: 'only the day of the change',
      event: 'updated',
      change: { last_modified_time: '2026-01-07' },
      times: { modifiedAt: '2026-01-06T10:00:00Z', modifiedUntil: '2026-01-08T12:00:00Z' },
    },
    {
      what: 'only the day of the creation, its earliest moment',
      event: 'updated',
      change: { created_time: '2026-01-05' },
      times: { createdAt: '2026-01-04T10:00:00Z', modifiedAt: MODIFIED },
    },
    {
      what: 'only the time of the creation: changed some time until now',
      event: 'updated',
      change: { last_modified_time: '' },
      times: { createdAt: CREATED, modifiedAt: CREATED, modifiedUntil: RECEIVED },
    },
    {
      what: 'two names for the time of the change, the first',
      event: 'updated',
      change: { updated_time: '2026-01-06T10:31:02+0300' },
      times: { modifiedAt: MODIFIED },
    },
    {
      what: 'no creation time, and it was just created',
      event: 'created',
      change: { created_time: undefined },
      times: { createdAt: MODIFIED, modifiedAt: MODIFIED },
    },
    {
      what: 'a creation time, and it was just created',
      event: 'create',
      change: {},
      times: { createdAt: CREATED, modifiedAt: MODIFIED },
    },
    {
      what: 'no time at all, and it was deleted',
      event: 'deleted',
      change: { created_time: '', last_modified_time: '' },
      times: { modifiedAt: RECEIVED, deleted: true },
    },
    {
      what: 'a time, and it was deleted',
      event: 'delete',
      change: {},
      times: { modifiedAt: MODIFIED, deleted: true },
    },
  ])('given $what', ({ event, change, times }) => {
    expect(documentOf(parse(body('invoice', change), { event }))).toMatchObject({ deleted: false, ...times });
  });

  it('given no creation time, and it was changed: nobody knows when it was made', () => {
    expect(documentOf(parse(body('invoice', { created_time: undefined })))).not.toHaveProperty('createdAt');
  });
});

describe('the number and the status of a document', () => {
  it.each([{ invoice_number: ' ' }, { invoice_number: undefined }])('given %p, has no number', (change) => {
    expect(documentOf(parse(body('invoice', change)))).not.toHaveProperty('number');
  });

  it.each(['شركة النور', 'فاتورة ١٢٣'])('keeps the number "%s" as it is written', (number) => {
    expect(documentOf(parse(body('invoice', { invoice_number: number })))).toMatchObject({ number });
  });

  it.each(['salesorder', 'invoice', 'creditnote', 'bill', 'vendor_credit'] as const)(
    '%s: must have one',
    (type) => {
      for (const status of [undefined, '', null])
        expect(documentOf(parse(body(type, { status })))).toBe(`missing_field ${type}.status: is missing`);
    },
  );

  it.each<{ what: string; body: Json; status: string }>([
    { what: 'a draft adjustment', body: body('inventory_adjustment', { status: 'Draft' }), status: 'draft' },
    {
      what: 'a receive on its way',
      body: body('purchase_receive', { status: 'In Transit' }),
      status: 'in_transit',
    },
    {
      what: 'a receive that says nothing',
      body: body('purchase_receive', { status: '' }),
      status: 'received',
    },
    {
      what: 'a package that says it itself',
      body: body('package', { status: 'delivered' }),
      status: 'delivered',
    },
    {
      what: 'a package whose shipment says it',
      body: body('package', { status: '', shipment_order: { status: 'Delivered' } }),
      status: 'delivered',
    },
    {
      what: 'a package without shipment',
      body: body('package', { shipment_order: '' }),
      status: 'not_shipped',
    },
    {
      what: 'a package with an empty shipment',
      body: body('package', { shipment_order: {} }),
      status: 'not_shipped',
    },
    {
      what: 'a bundle in work',
      body: body('bundle', { status: 'pending', is_completed: true }),
      status: 'pending',
    },
    {
      what: 'a bundle with a flag only',
      body: body('bundle', { status: '', is_completed: true }),
      status: 'completed',
    },
  ])('given $what: $status', ({ body: given, status }) => {
    expect(documentOf(parse(given))).toMatchObject({ status });
  });

  it('given a bundle that says nothing, or that it is not completed, is unreadable', () => {
    for (const is_completed of [undefined, false])
      expect(documentOf(parse(body('bundle', { status: '', is_completed })))).toBe(
        'missing_field bundle.status: is missing',
      );
  });

  it('has its id under other names, too', () => {
    const names = ['purchase_receive_id', 'purchasereceive_id'];
    for (const name of names) {
      const given = body('purchase_receive', { receive_id: undefined, [name]: '77' });
      expect(documentOf(parse(given))).toMatchObject({ id: '77', lines: [{ warehouseId: MAIN }] });
    }
  });
});
