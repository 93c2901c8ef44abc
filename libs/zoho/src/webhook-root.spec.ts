import { documentTypes } from '@tallystream/contracts';
import { documents } from './spec/documents';
import { documentOf, FORM_TYPE, JSON_TYPE, parse, parseText, RECEIVED } from './spec/parsing';
import { body, INK, type Json, line, PEN, payloads } from './spec/payloads';
import { isJsonObject } from './webhook-root';

const form = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();

describe('a form', () => {
  it.each([
    FORM_TYPE,
    'application/x-www-form-urlencoded',
    'Application/X-WWW-Form-Urlencoded',
    ' APPLICATION/X-WWW-FORM-URLENCODED ; charset=utf-8',
  ])('sent as "%s" has the document in its field JSONString', (contentType) => {
    const written = form({ organization: 'النور', JSONString: JSON.stringify(body('invoice')) });
    expect(documentOf(parseText(written, { contentType }))).toEqual(documents.invoice);
  });

  it.each(documentTypes)('holds what a JSON body holds: %s', (type) => {
    const written = form({ JSONString: JSON.stringify(body(type)) });
    expect(documentOf(parseText(written, { contentType: FORM_TYPE }))).toEqual(documents[type]);
  });

  it.each(['', 'application/json', 'text/plain', 'multipart/form-data'])(
    'is none when sent as "%s"',
    (contentType) => {
      const written = form({ JSONString: JSON.stringify(body('invoice')) });
      expect(documentOf(parseText(written, { contentType }))).toBe('not_json the body is not JSON');
      expect(documentOf(parseText(JSON.stringify(body('invoice')), { contentType }))).toEqual(
        documents.invoice,
      );
    },
  );

  it.each([
    { what: 'no field JSONString', written: 'a=1&b=2', fault: 'not_json the form has no field JSONString' },
    { what: 'nothing', written: '', fault: 'not_json the form has no field JSONString' },
    { what: 'no JSON in it', written: 'JSONString=abc', fault: 'not_json the body is not JSON' },
    { what: 'a list in it', written: 'JSONString=%5B%5D', fault: 'not_json the body is not a JSON object' },
  ])('with $what, says so', ({ written, fault }) => {
    expect(documentOf(parseText(written, { contentType: FORM_TYPE }))).toBe(fault);
  });
});

describe('a hand-made body with the document in data', () => {
  it.each(documentTypes)('has it flat, or under its root key: %s', (type) => {
    const fields = payloads[type];
    const eventType = `${type}_updated`;
    expect(documentOf(parse({ event_type: eventType, data: fields }))).toEqual(documents[type]);
    expect(documentOf(parse({ event_type: eventType, data: { [type]: fields } }))).toEqual(documents[type]);
    const otherSpelling = type.replaceAll('_', '');
    expect(documentOf(parse({ event_type: eventType, data: { [otherSpelling]: fields } }))).toEqual(
      documents[type],
    );
    expect(documentOf(parse({ event_type: 'updated', data: { [type]: [fields] } }))).toEqual(documents[type]);
  });

  it.each<{ eventType: string; is: Json }>([
    { eventType: 'invoice_created', is: { deleted: false, createdAt: documents.invoice.modifiedAt } },
    { eventType: 'invoice.created', is: { deleted: false, createdAt: documents.invoice.modifiedAt } },
    { eventType: 'Invoice Created', is: { deleted: false, createdAt: documents.invoice.modifiedAt } },
    { eventType: 'invoice_deleted', is: { deleted: true } },
    { eventType: 'invoice_delete', is: { deleted: true } },
  ])('says what happened, whatever the URL says: $eventType', ({ eventType, is }) => {
    const data = { ...payloads.invoice, created_time: '' };
    expect(documentOf(parse({ event_type: eventType, data }, { event: 'updated' }))).toMatchObject(is);
    const updated = { event_type: 'invoice_updated', data };
    expect(documentOf(parse(updated, { event: 'deleted' }))).toMatchObject({ deleted: false });
  });

  it.each<{ what: string; given: Json; read: unknown }>([
    {
      what: 'an item',
      given: { event_type: 'item_created', data: { item_id: PEN, name: 'قلم', stock_on_hand: 5 } },
      read: `observe item: ${PEN}`,
    },
    {
      what: 'an item under its root key',
      given: { event_type: 'item_updated', data: { item: { item_id: PEN } } },
      read: `observe item: ${PEN}`,
    },
    {
      what: 'nobody says what, and it names items',
      given: { event_type: 'created', data: { rows: [{ item_id: PEN }, { item_id: INK }] } },
      read: `observe unknown: ${PEN} ${INK}`,
    },
    {
      what: 'a contact',
      given: { event_type: 'contact_created', data: { contact_id: '1' } },
      read: 'ignored contact',
    },
    {
      what: 'an invoice without its content',
      given: { event_type: 'invoice_updated', data: { invoice_id: '1' } },
      read: 'missing_field invoice.last_modified_time: is missing',
    },
    {
      what: 'a type and no data: the default payload',
      given: { event_type: 'invoice_updated', data: '', ...body('invoice') },
      read: documents.invoice,
    },
  ])('given $what', ({ given, read }) => {
    expect(documentOf(parse(given))).toEqual(read);
  });
});

describe('a hand-made body that names a document', () => {
  const named = (resource_name: string, event_type: string, resource_id: unknown = '55') =>
    parse({ resource_name, event_type, resource_id });

  it.each([
    { event: 'updated', given: 'item' },
    { event: 'created', given: 'Item' },
    { event: 'item_deleted', given: 'item' },
  ])('has an item looked at: $given $event', ({ given, event }) => {
    expect(named(given, event, PEN)).toEqual({ kind: 'observe', entity: 'item', items: [PEN] });
    const bare = `{"resource_name":"${given}","event_type":"${event}","resource_id":${PEN}}`;
    expect(parseText(bare)).toEqual({ kind: 'observe', entity: 'item', items: [PEN] });
  });

  it.each(['invoice', 'salesorder', 'salesreturn', 'purchasereceive'])(
    'without its content is ignored, in words: %s',
    (name) => {
      for (const event of ['created', 'updated', `${name}_updated`])
        expect(named(name, event)).toEqual({
          kind: 'ignored',
          entity: name,
          why: `names "${name}" without its content`,
        });
    },
  );

  it.each(documentTypes)('deleted, is deleted: %s', (type) => {
    for (const name of [type, type.replaceAll('_', '')])
      expect(documentOf(named(name, 'deleted'))).toMatchObject({
        type,
        id: '55',
        modifiedAt: RECEIVED,
        deleted: true,
        lines: [],
      });
  });

  it.each<{ what: string; given: Json }>([
    { what: 'no id', given: { resource_name: 'item', event_type: 'updated' } },
    { what: 'a blank id', given: { resource_name: 'item', event_type: 'updated', resource_id: ' ' } },
    { what: 'no name', given: { event_type: 'updated', resource_id: PEN } },
    { what: 'no event', given: { resource_name: 'item', resource_id: PEN } },
  ])('given $what, is unreadable', ({ given }) => {
    expect(documentOf(parse(given))).toBe('missing_field the body has no document under a root key');
  });
});

describe('which of the objects of a body is the document', () => {
  it.each<{ what: string; given: Json }>([
    { what: 'before it', given: { organization: { id: '1' }, invoice: payloads.invoice } },
    { what: 'after it', given: { invoice: payloads.invoice, organization: { id: '1' } } },
    {
      what: 'that name items',
      given: { rows: [line(), line()], item: { item_id: INK }, invoice: payloads.invoice },
    },
    {
      what: 'of Zoho around it',
      given: { code: 0, message: 'ok', invoice: payloads.invoice, page_context: {} },
    },
  ])('the one that moves stock, whatever is $what', ({ given }) => {
    expect(documentOf(parse(given))).toEqual(documents.invoice);
  });

  it.each<{ what: string; given: Json; read: string }>([
    {
      what: 'one that names items',
      given: { organization: { id: '1' }, stocktake: { item_id: PEN } },
      read: `observe stocktake: ${PEN}`,
    },
    {
      what: 'a list of items',
      given: { code: 0, items: [{ item_id: PEN }, { item_id: INK }] },
      read: `observe items: ${PEN} ${INK}`,
    },
    { what: 'the first', given: { contact: { contact_id: '1' }, organization: {} }, read: 'ignored contact' },
    { what: 'a list of one', given: { contacts: [{ contact_id: '1' }] }, read: 'ignored contacts' },
  ])('else $what', ({ given, read }) => {
    expect(documentOf(parse(given))).toBe(read);
  });

  it('two documents under one key are unreadable, and both name their items', () => {
    const second = { ...payloads.package, line_items: [line({ item_id: INK })] };
    const parsed = parse({ package: [payloads.package, second] });
    expect(parsed).toMatchObject({ kind: 'unreadable', items: [PEN, INK] });
  });
});

describe('a body that cannot be read', () => {
  const NO_JSON = 'not_json the body is not JSON';
  const NO_OBJECT = 'not_json the body is not a JSON object';
  const NO_ROOT = 'missing_field the body has no document under a root key';
  it.each([
    { what: 'nothing', written: '', fault: NO_JSON },
    { what: 'spaces', written: ' \n', fault: NO_JSON },
    { what: 'text', written: 'invoice=55', fault: NO_JSON },
    { what: 'broken JSON', written: '{"invoice":{"invoice_id":"55"', fault: NO_JSON },
    {
      what: 'broken JSON with a long id',
      written: '{"invoice":{"invoice_id":2646610000012345678',
      fault: NO_JSON,
    },
    { what: 'XML', written: '<invoice/>', fault: NO_JSON },
    { what: 'a list', written: '[{"invoice":{}}]', fault: NO_OBJECT },
    { what: 'text in JSON', written: '"invoice"', fault: NO_OBJECT },
    { what: 'a number', written: '5', fault: NO_OBJECT },
    { what: 'null', written: 'null', fault: NO_OBJECT },
    { what: 'an empty object', written: '{}', fault: NO_ROOT },
    {
      what: 'no object in it',
      written: '{"code":0,"invoice":"55","bill":null,"rows":[],"n":[1,2]}',
      fault: NO_ROOT,
    },
  ])('given $what, says so', ({ written, fault }) => {
    expect(parseText(written)).toMatchObject({ kind: 'unreadable', items: [] });
    expect(documentOf(parseText(written))).toBe(fault);
  });
});

describe('a body that is a JSON object', () => {
  it.each([
    { written: '{}', contentType: JSON_TYPE, is: true },
    { written: '{"contact":{}}', contentType: '', is: true },
    { written: '[]', contentType: JSON_TYPE, is: false },
    { written: 'null', contentType: JSON_TYPE, is: false },
    { written: '', contentType: JSON_TYPE, is: false },
    { written: '{', contentType: JSON_TYPE, is: false },
    { written: 'JSONString=%7B%7D', contentType: FORM_TYPE, is: true },
    { written: 'JSONString=x', contentType: FORM_TYPE, is: false },
    { written: 'x=%7B%7D', contentType: FORM_TYPE, is: false },
    { written: '{}', contentType: FORM_TYPE, is: false },
  ])('given "$written" as "$contentType": $is', ({ written, contentType, is }) => {
    expect(isJsonObject(new TextEncoder().encode(written), contentType)).toBe(is);
  });
});
