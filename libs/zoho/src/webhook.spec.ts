import { documentTypes } from '@tallystream/contracts';
import fc from 'fast-check';
import { documentOf, parse, parseText } from './spec/parsing';
import { body, INK, type Json, line, PEN, payloads } from './spec/payloads';
import { sniffRootKey } from './webhook';

describe('what moves no stock itself, and names items', () => {
  it.each<{ what: string; given: unknown; entity: string; items: readonly string[] }>([
    {
      what: 'an item',
      given: { item: { item_id: PEN, name: 'قلم', stock_on_hand: '', warehouses: [{ warehouse_id: '1' }] } },
      entity: 'item',
      items: [PEN],
    },
    { what: 'an item with a bare id', given: `{"item":{"item_id":${PEN}}}`, entity: 'item', items: [PEN] },
    {
      what: 'a shipment',
      given: {
        shipment_order: { shipment_id: '1', status: 'shipped', line_items: [line(), line({ item_id: INK })] },
      },
      entity: 'shipment_order',
      items: [PEN, INK],
    },
    {
      what: 'a shipment in one word',
      given: { shipmentorder: { shipment_id: '1', line_items: [line(), line()] } },
      entity: 'shipmentorder',
      items: [PEN],
    },
    {
      what: 'an inventory transfer',
      given: { inventorytransfer: { transfer_id: '1', line_items: [{ item_id: INK, quantity: 'many' }] } },
      entity: 'inventorytransfer',
      items: [INK],
    },
    {
      what: 'something unknown',
      given: { stocktake: { rows: [{ found: { item_id: INK } }, { found: { item_id: PEN } }] } },
      entity: 'stocktake',
      items: [INK, PEN],
    },
    {
      what: 'an order of ours',
      given: { purchaseorder: { purchaseorder_id: '1', line_items: line() } },
      entity: 'purchaseorder',
      items: [PEN],
    },
  ])('given $what, has exactly those looked at', ({ given, entity, items }) => {
    for (const event of ['created', 'updated', 'deleted']) {
      const parsed = typeof given === 'string' ? parseText(given, { event }) : parse(given, { event });
      expect(parsed).toEqual({ kind: 'observe', entity, items });
    }
  });
});

describe('what moves no stock, and names no items', () => {
  it.each<{ what: string; given: unknown; entity: string }>([
    { what: 'a contact', given: { contact: { contact_id: '99', contact_name: 'شركة' } }, entity: 'contact' },
    { what: 'an item without id', given: { item: { item_id: '' } }, entity: 'item' },
    { what: 'an empty document', given: { purchaseorder: {} }, entity: 'purchaseorder' },
    { what: 'an empty shipment', given: { shipment_order: { line_items: [] } }, entity: 'shipment_order' },
    {
      what: 'a return without lines',
      given: { salesreturn: { salesreturn_id: '1' } },
      entity: 'salesreturn',
    },
    { what: 'a kind that no program named', given: { 'Salma Quux': { id: '1' } }, entity: 'unknown' },
    {
      what: 'a name of an object property',
      given: '{"constructor":{},"__proto__":{}}',
      entity: 'constructor',
    },
  ])('given $what, is ignored', ({ given, entity }) => {
    const parsed = typeof given === 'string' ? parseText(given) : parse(given);
    expect(parsed).toEqual({ kind: 'ignored', entity, why: `"${entity}" moves no stock` });
  });
});

describe('a document that cannot be read', () => {
  it.each(documentTypes)('still names its items: %s', (type) => {
    const whole = parse(body(type));
    const broken = parse(body(type, { created_time: 'once upon a time' }));
    expect(whole.kind).toBe('documents');
    if (whole.kind !== 'documents') return;
    const items = whole.documents.flatMap(({ lines }) => lines.map(({ itemId }) => itemId));
    expect(broken).toMatchObject({ kind: 'unreadable', items });
  });

  it.each<{ what: string; change: Json; fault: string; items: readonly string[] }>([
    {
      what: 'an item id that is none',
      change: { line_items: [line({ item_id: 'a b' }), line({ item_id: INK })] },
      fault: 'bad_field invoice.line_items[0].item_id: is not an id',
      items: [INK],
    },
    {
      what: 'lines that are no list',
      change: { line_items: 'many' },
      fault: 'bad_field invoice.line_items: is not a list',
      items: [],
    },
    {
      what: 'a line that is no object',
      change: { line_items: [line(), 7] },
      fault: 'bad_field invoice.line_items[1]: is not an object',
      items: [PEN],
    },
  ])('given $what, says which field', ({ change, fault, items }) => {
    const parsed = parse(body('invoice', change));
    expect(documentOf(parsed)).toBe(fault);
    expect(parsed).toMatchObject({ items });
  });

  it('never quotes the body, which holds personal data', () => {
    const secret = 'Layla-0501234567';
    const bodies = [
      `{"invoice":{"customer_name":"${secret}"`,
      `{"invoice":{"customer_name":"${secret}","id":2646610000012345678,}}`,
      secret,
      ...documentTypes.flatMap((type) => [
        ...Object.keys(payloads[type]).map((name) => JSON.stringify(body(type, { [name]: secret }))),
        ...Object.keys([payloads[type].line_items].flat()[0] ?? {}).map((name) =>
          JSON.stringify(body(type, { line_items: [line({ [name]: secret })] })),
        ),
      ]),
    ];
    const faults = bodies.map((one) => parseText(one)).filter(({ kind }) => kind === 'unreadable');
    expect(faults.length).toBeGreaterThan(50);
    for (const fault of faults) {
      if (fault.kind !== 'unreadable') continue;
      expect(`${fault.error.message} ${fault.error.path} ${fault.error.stack}`).not.toContain(secret);
      expect(fault.error.cause).toBeUndefined();
    }
  });
});

describe('whatever comes', () => {
  const type = fc.constantFrom(...documentTypes);
  const kinds = ['documents', 'observe', 'ignored', 'unreadable'];
  const event = fc.constantFrom('created', 'updated', 'deleted');
  const huge = fc.constantFrom(1e9, '1000000000', -1e9, 1e15, '0.0000001', Number.MAX_SAFE_INTEGER);

  it('is told apart without throwing', () => {
    const root = fc.constantFrom(...documentTypes, 'salesreturn', 'item', 'shipmentorder', 'data', 'x');
    const rest = fc.constantFrom(
      {},
      { event_type: 'invoice_updated' },
      { event_type: 'x', resource_name: 'bill' },
    );
    fc.assert(
      fc.property(root, fc.jsonValue(), event, rest, (key, value, what, around) => {
        expect(kinds).toContain(parse({ ...around, [key]: value }, { event: what }).kind);
      }),
      { numRuns: 500 },
    );
  });

  it('a field gone or changed gives documents of whole numbers of millionths, or a fault with its path', () => {
    const wrong = fc.oneof(fc.jsonValue(), fc.constant(undefined), huge);
    fc.assert(
      fc.property(type, fc.nat(), wrong, fc.boolean(), (of, at, value, inLine) => {
        const [own] = [payloads[of].line_items].flat() as Json[];
        const names = Object.keys(inLine ? (own ?? {}) : payloads[of]);
        const changed = { [names[at % names.length] ?? '']: value };
        const parsed = parse(body(of, inLine ? { line_items: [{ ...own, ...changed }] } : changed));
        if (parsed.kind === 'unreadable') expect(parsed.error.path.startsWith(`${of}.`)).toBe(true);
        else if (parsed.kind === 'documents') {
          for (const one of parsed.documents.flatMap(({ lines }) =>
            lines.flatMap((each) => Object.values(each)),
          )) {
            if (typeof one === 'number') expect(one).toBe(Math.round(one * 1e6) / 1e6);
          }
        } else expect(parsed.kind).toBe('documents');
      }),
      { numRuns: 1_000 },
    );
  });

  it('counts that are too large are refused, not thrown', () => {
    fc.assert(
      fc.property(type, huge, huge, (of, first, second) => {
        const [own] = [payloads[of].line_items].flat() as Json[];
        const counts = Object.keys(own ?? {}).filter((name) => name.startsWith('quantity'));
        const line_items = [{ ...own, ...Object.fromEntries(counts.map((name) => [name, second])) }];
        const parsed = parse(body(of, { quantity_to_bundle: first, line_items }));
        expect(kinds).toContain(parsed.kind);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the root key of a body', () => {
  it.each([
    { body: '{"invoice":{"invoice_id":"1"}}', key: 'invoice' },
    { body: ' \n{ \t"inventory_adjustment" : {', key: 'inventory_adjustment' },
    { body: '{"invoice":', key: 'invoice' },
    { body: '{"a-b_9":1}', key: 'a-b_9' },
    { body: `{"invoice":{"name":"${'شركة'.repeat(500)}"}}`, key: 'invoice' },
    { body: '{"a.b":{}}', key: undefined },
    { body: '{"شركة":{}}', key: undefined },
    { body: `{"${'x'.repeat(65)}":{}}`, key: undefined },
    { body: '{}', key: undefined },
    { body: '[{"invoice":{}}]', key: undefined },
    { body: '"invoice":{', key: undefined },
    { body: 'JSONString=%7B', key: undefined },
    { body: '', key: undefined },
  ])('given $body, is $key', ({ body, key }) => {
    expect(sniffRootKey(new TextEncoder().encode(body))).toBe(key);
  });

  it('is found in bytes that are no text', () => {
    expect(sniffRootKey(Uint8Array.from([0xff, 0xfe, 0x00]))).toBeUndefined();
  });
});
