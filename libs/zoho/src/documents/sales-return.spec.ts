import { documentOf, linesOf, parse } from '../spec/parsing';
import { BRANCH, INK, type Json, line, MAIN, PEN, payloads, SOUTH } from '../spec/payloads';

const placeless = { warehouse_id: undefined, sku: undefined };
const times = { created_time: '2026-01-05T09:00:00+0300', last_modified_time: '2026-01-07T13:31:02+0300' };

/** Lines returned; a receive names them by `line_item_id` and says how many came. */
const returned = [
  line({ line_item_id: '71', warehouse_id: MAIN, quantity: 5 }),
  line({ line_item_id: '72', item_id: INK, warehouse_id: undefined, location_id: SOUTH, quantity: 4 }),
];
const receive = (id: string, line_items: unknown, change: Json = {}): Json => ({
  receive_id: id,
  receive_number: `RR-${id}`,
  date: '2026-01-07',
  line_items,
  ...change,
});
const cameBack = (lineItemId: string, quantity: unknown, change: Json = {}): Json =>
  line({ ...placeless, line_item_id: lineItemId, quantity, ...change });

const salesReturn = (change: Json): Json => ({
  salesreturn: {
    salesreturn_id: '70',
    salesreturn_number: 'RMA-1',
    salesreturn_status: 'approved',
    status: 'approved',
    location_id: BRANCH,
    ...times,
    line_items: returned,
    ...change,
  },
});
const oneReceive = (change: Json, own: Json = {}): Json =>
  salesReturn({ salesreturnreceives: [receive('81', [cameBack('71', 2)], own)], ...change });

const head = {
  type: 'salesreturnreceive',
  status: 'received',
  createdAt: '2026-01-05T06:00:00Z',
  modifiedAt: '2026-01-07T10:31:02Z',
  deleted: false,
};

describe('a sales return', () => {
  it('is taken apart into its receives, each with the place of the lines that were returned', () => {
    const given = salesReturn({
      salesreturnreceives: [
        receive('81', [cameBack('71', 2), cameBack('72', '1.5', { item_id: INK })]),
        receive('82', [cameBack('71', 1)]),
      ],
    });
    expect(documentOf(parse(given))).toEqual([
      {
        ...head,
        id: '81',
        number: 'RR-81',
        lines: [
          { itemId: PEN, warehouseId: MAIN, quantity: 2 },
          { itemId: INK, warehouseId: SOUTH, quantity: 1.5 },
        ],
      },
      { ...head, id: '82', number: 'RR-82', lines: [{ itemId: PEN, warehouseId: MAIN, quantity: 1 }] },
    ]);
  });

  it.each<{ what: string; own: Json; at: string }>([
    { what: 'the line of the return, by its id', own: { line_item_id: '72', item_id: PEN }, at: SOUTH },
    { what: 'the line of the return, by its item', own: { line_item_id: '99', item_id: INK }, at: SOUTH },
    { what: 'its own warehouse', own: { line_item_id: '72', warehouse_id: '5' }, at: '5' },
    { what: 'its own location, though the return has a warehouse', own: { location_id: '6' }, at: '6' },
    { what: 'the return, where its own is blank', own: { location_id: '', warehouse_id: ' ' }, at: MAIN },
    { what: 'the header, where no line is known', own: { line_item_id: '99', item_id: 'new' }, at: BRANCH },
  ])('what came back lies where says $what', ({ own, at }) => {
    const salesreturnreceives = [receive('81', [cameBack('71', 2, own)])];
    expect(linesOf(parse(salesReturn({ salesreturnreceives })))).toMatchObject([{ warehouseId: at }]);
  });

  it('that is credited without its goods moves nothing: its items are looked at', () => {
    const line_items = returned.map((one) => ({ ...one, non_receive_quantity: one.quantity }));
    expect(parse(salesReturn({ line_items, salesreturnreceives: [] }))).toEqual({
      kind: 'observe',
      entity: 'salesreturn',
      items: [PEN, INK],
    });
  });

  it('counts what was received, not what was returned or only credited', () => {
    const line_items = [{ ...returned[0], quantity: 5, non_receive_quantity: 3 }, returned[1]];
    expect(linesOf(parse(oneReceive({ line_items })))).toEqual([
      { itemId: PEN, warehouseId: MAIN, quantity: 2 },
    ]);
  });

  it.each(['approved', 'closed', 'void', undefined])(
    'with status %p does not make it that of its receives',
    (status) => {
      expect(documentOf(parse(oneReceive({ status })))).toMatchObject({ status: 'received' });
    },
  );

  it.each<{ what: string; own: Json; read: Json }>([
    {
      what: 'times',
      own: { created_time: '2026-01-06T09:00:00+0300', last_modified_time: '2026-01-06T09:00:01+0300' },
      read: { createdAt: '2026-01-06T06:00:00Z', modifiedAt: '2026-01-06T06:00:01Z' },
    },
    { what: 'blank times', own: { created_time: '', last_modified_time: '' }, read: head },
    { what: 'a status', own: { status: 'draft' }, read: { status: 'draft' } },
  ])('whose receive has $what of its own', ({ own, read }) => {
    expect(documentOf(parse(oneReceive({}, own)))).toMatchObject(read);
  });

  it('deleted, takes its receives with it', () => {
    const given = salesReturn({
      salesreturnreceives: [receive('81', [cameBack('71', 2)]), receive('82', undefined)],
    });
    expect(documentOf(parse(given, { event: 'deleted' }))).toMatchObject([
      { id: '81', deleted: true, lines: [{ itemId: PEN, quantity: 2 }] },
      { id: '82', deleted: true, lines: [] },
    ]);
  });

  it.each([undefined, null, ''])(
    'whose receive has %p for its lines is unreadable: that must not undo it',
    (lines) => {
      const parsed = parse(salesReturn({ salesreturnreceives: [receive('81', lines)] }));
      expect(documentOf(parsed)).toBe('missing_field salesreturnreceive.line_items: is missing');
      expect(parsed).toMatchObject({ items: [PEN, INK] });
    },
  );

  it.each<{ what: string; change: Json; fault: string }>([
    {
      what: 'a receive without a readable quantity',
      change: { salesreturnreceives: [receive('81', [cameBack('71', 2), cameBack('72', '')])] },
      fault: 'missing_field salesreturnreceive.line_items[1].quantity: is missing',
    },
    {
      what: 'one bad receive among good ones',
      change: { salesreturnreceives: [receive('81', [cameBack('71', 2)]), receive('', [cameBack('71', 2)])] },
      fault: 'bad_field salesreturnreceive.receive_id: is missing or not an id',
    },
    {
      what: 'receives that are no list',
      change: { salesreturnreceives: 'two' },
      fault: 'bad_field salesreturn.salesreturnreceives: is not a list',
    },
    {
      what: 'returned lines that are no list',
      change: { line_items: 'two', salesreturnreceives: [] },
      fault: 'bad_field salesreturn.line_items: is not a list',
    },
  ])('given $what is unreadable as a whole', ({ change, fault }) => {
    expect(documentOf(parse(salesReturn(change)))).toBe(fault);
  });

  it('has kits among what came back', () => {
    const kit = cameBack('71', 1, { item_id: 'kit', mapped_items: [{ item_id: PEN, quantity: 3 }] });
    expect(linesOf(parse(salesReturn({ salesreturnreceives: [receive('81', [kit])] })))).toEqual([
      { itemId: PEN, warehouseId: MAIN, quantity: 3 },
    ]);
  });
});

describe('a receive alone', () => {
  it('is the same document under the root key of the return', () => {
    const alone = payloads.salesreturnreceive;
    const parsed = documentOf(parse({ salesreturn: alone }));
    expect(parsed).toMatchObject({ ...head, id: alone.receive_id });
    expect(parsed).toEqual(documentOf(parse({ salesreturnreceive: alone })));
  });

  it('is the same document as inside its return: the later one counts', () => {
    const inside = documentOf(parse(oneReceive({})));
    const alone = receive('81', [cameBack('71', 2, { warehouse_id: MAIN })], times);
    expect(documentOf(parse({ salesreturnreceive: alone }))).toEqual(inside);
  });
});
