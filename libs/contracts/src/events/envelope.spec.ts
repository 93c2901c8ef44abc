import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { documentIdSchema, itemIdSchema, runIdSchema, warehouseIdSchema } from '../ids';
import { instantSchema } from '../instant';
import type { CatalogueEvent, ItemCatalogued, WarehouseCatalogued } from './catalog-events';
import type { Cause } from './cause';
import type { DriftDetected, DriftResolved } from './drift-events';
import {
  decodeCatalogueEvent,
  decodeEvent,
  type EncodedEvent,
  type EnvelopeAttributes,
  encodeCatalogueEvent,
  encodeEvent,
  UnreadableEvent,
} from './envelope';
import { allPublishedEvents, publishedCatalogueEvents } from './published-events';
import type { SyncFinished, SyncStarted } from './run-events';
import type { StockEvent } from './stock-event';
import { type DocumentApplied, driftIdSchema, type StockChanged } from './stock-events';

const itemId = itemIdSchema.parse('2646610000000109854');
const warehouseId = warehouseIdSchema.parse('2646610000000077024');
const at = (time: string) => instantSchema.parse(time);

const document: NonNullable<StockChanged['document']> = {
  type: 'invoice',
  id: documentIdSchema.parse('2646610000012345678'),
  number: 'فاتورة-000123',
  version: at('2026-01-07T10:31:02Z'),
  createdAt: at('2026-01-07T10:29:58Z'),
};
const cause: Cause = { kind: 'webhook', id: '8841', actor: 'zoho' };

const stockChanged: StockChanged = {
  itemId,
  warehouseId,
  sku: 'PROD-001',
  revision: 42,
  delta: { onHand: -2.5 },
  after: {
    onHand: 120.3,
    committed: 4,
    physicalOnHand: 121,
    physicalCommitted: 3,
    inTransit: 0,
    reserved: 0.000001,
  },
  provisional: false,
  baselineAsOf: at('2026-01-07T10:30:00Z'),
  reason: 'sale',
  document,
  cause,
  occurredAt: at('2026-01-07T10:31:02Z'),
};

const documentApplied: DocumentApplied = {
  document,
  status: 'sent',
  deleted: false,
  outcome: 'applied',
  effectHash: '6f1ed002ab5595859014ebf0951522d9',
  lines: [
    {
      itemId,
      warehouseId,
      sku: 'PROD-001',
      effect: { onHand: -4.5 },
      delta: { onHand: -2.5 },
      treatment: 'delta',
    },
    {
      itemId: itemIdSchema.parse('2646610000000109861'),
      warehouseId,
      effect: { onHand: -1 },
      delta: {},
      treatment: 'absorbed',
    },
  ],
  cause,
  occurredAt: at('2026-01-07T10:31:02Z'),
};

const syncStarted: SyncStarted = {
  runId: runIdSchema.parse('opening'),
  kind: 'opening',
  cause: { kind: 'sync', id: 'opening', actor: 'reconciler' },
  occurredAt: at('2026-01-07T02:00:00.250Z'),
};

/** As today's readers see one that was written before runs could fail. */
const openingFinished: SyncFinished = {
  ...syncStarted,
  occurredAt: at('2026-01-07T02:00:31Z'),
  items: 2218,
  levels: 4436,
  changed: 4436,
  outcome: 'completed',
};

const run: Cause = { kind: 'sync', id: '2026-01-07-full', actor: 'reconciler' };

const syncFinished: SyncFinished = {
  runId: runIdSchema.parse('2026-01-07-full'),
  kind: 'full',
  outcome: 'failed',
  error: 'Zoho: the quota of the day is used up (429, code 45)',
  cause: run,
  occurredAt: at('2026-01-07T02:00:31Z'),
  items: 1200,
  levels: 3600,
  changed: 17,
  failed: 1018,
  skipped: 12,
  apiCalls: 24,
};

const driftId = driftIdSchema.parse('4f0c1d9a7b3e5f6081a2b3c4');

const driftDetected: DriftDetected = {
  driftId,
  itemId,
  warehouseId,
  sku: 'PROD-001',
  side: 'accounting',
  verdict: 'held',
  difference: { onHand: 40 },
  zoho: {
    onHand: 160.3,
    committed: 4,
    physicalOnHand: 121,
    physicalCommitted: 3,
    inTransit: 0,
    reserved: 0,
  },
  ledger: stockChanged.after,
  revision: 42,
  asOf: at('2026-01-07T10:45:09Z'),
  runId: runIdSchema.parse('2026-01-07-full'),
  lookedUp: ['bill:2646610000012345999'],
  lastEvents: [
    {
      revision: 42,
      reason: 'sale',
      delta: { onHand: -2.5 },
      document,
      cause,
      occurredAt: at('2026-01-07T10:31:02Z'),
    },
  ],
  cause: run,
  occurredAt: at('2026-01-07T10:45:09Z'),
};

const driftResolved: DriftResolved = {
  driftId,
  itemId,
  warehouseId,
  sku: 'PROD-001',
  side: 'accounting',
  resolution: 'approved',
  note: 'عدّ المستودع: 160 قطعة',
  asOf: at('2026-01-07T11:00:02Z'),
  cause: { kind: 'drift', id: driftId, actor: 'layla' },
  occurredAt: at('2026-01-07T11:00:05Z'),
};

const itemCatalogued: ItemCatalogued = {
  itemId,
  name: 'Ballpoint pen, blue',
  arabicName: 'قلم حبر جاف أزرق',
  sku: 'PROD-001',
  unit: 'pcs',
  rate: 2.5,
  purchaseRate: 1.125,
  status: 'active',
  reorderLevel: 40,
  imageId: '2646610000000111111',
  tracksStock: true,
  cause: run,
  occurredAt: at('2026-01-07T02:00:04Z'),
};

const warehouseCatalogued: WarehouseCatalogued = {
  warehouseId,
  name: 'Main WareHouse',
  status: 'active',
  isPrimary: true,
  cause: run,
  occurredAt: at('2026-01-07T02:00:01Z'),
};

type AnyEvent = StockEvent | CatalogueEvent;

/** One entry per version that was ever published: what today's readers must make of the file. */
const published: readonly Readonly<{ file: string; event: AnyEvent }>[] = [
  { file: 'stock.changed.v1.json', event: { type: 'StockChanged', data: stockChanged } },
  { file: 'stock.document-applied.v1.json', event: { type: 'DocumentApplied', data: documentApplied } },
  { file: 'stock.drift-detected.v1.json', event: { type: 'DriftDetected', data: driftDetected } },
  { file: 'stock.drift-resolved.v1.json', event: { type: 'DriftResolved', data: driftResolved } },
  { file: 'stock.sync-started.v1.json', event: { type: 'SyncStarted', data: syncStarted } },
  { file: 'stock.sync-finished.v1.json', event: { type: 'SyncFinished', data: openingFinished } },
  { file: 'stock.sync-finished.v2.json', event: { type: 'SyncFinished', data: syncFinished } },
  { file: 'catalog.item.v1.json', event: { type: 'ItemCatalogued', data: itemCatalogued } },
  { file: 'catalog.warehouse.v1.json', event: { type: 'WarehouseCatalogued', data: warehouseCatalogued } },
];

/** The versions that are written today. */
const newest = published.filter(({ file, event }) => allPublishedEvents[event.type].newest.fileName === file);

const versions = Object.entries(allPublishedEvents).flatMap(([type, history]) =>
  history.versions.map(({ ceType, fileName, schemaId }) => ({ type, ceType, fileName, schemaId })),
);

const isOfCatalogue = (event: AnyEvent): event is CatalogueEvent => event.type in publishedCatalogueEvents;
const encode = (event: AnyEvent): EncodedEvent =>
  isOfCatalogue(event) ? encodeCatalogueEvent(event, attributes) : encodeEvent(event, attributes);
const decode = ({ headers, data }: EncodedEvent): AnyEvent => {
  const type = headers['ce-type'] ?? '';
  return type.startsWith('com.tallystream.catalog.')
    ? decodeCatalogueEvent(type, data)
    : decodeEvent(type, data);
};

const attributes: EnvelopeAttributes = {
  id: '0a9c6f7e-5f0e-4d5b-9d6a-3c1f0b7e2d11',
  time: '2026-01-07T10:31:02.417Z',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
};

const GOLDEN = join(__dirname, 'golden');

type GoldenFile = Readonly<{ headers: Record<string, string>; body: Record<string, unknown> }>;

const golden = (file: string): GoldenFile => JSON.parse(readFileSync(join(GOLDEN, file), 'utf8'));
const asJson = (data: Uint8Array): string => Buffer.from(data).toString('utf8');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('published events', () => {
  it.each(published)('$file can still be read', ({ file, event }) => {
    const { headers, body } = golden(file);
    expect(decode({ headers, data: bytes(JSON.stringify(body)) })).toEqual(event);
  });

  it.each(newest)('$file is what is written today', ({ file, event }) => {
    const { headers, body } = golden(file);
    const encoded = encode(event);
    expect(asJson(encoded.data)).toBe(JSON.stringify(body));
    expect(encoded.headers).toEqual(headers);
  });

  it('each have a golden file, of their type and schema, and no other file does', () => {
    expect(readdirSync(GOLDEN).sort()).toEqual(versions.map(({ fileName }) => fileName).sort());
    for (const { ceType, fileName, schemaId } of versions) {
      expect(golden(fileName).headers).toMatchObject({ 'ce-type': ceType, 'ce-dataschema': schemaId });
    }
  });

  it('are all read in this test, and the newest of each event is written', () => {
    expect(published.map(({ file, event }) => [event.type, file])).toEqual(
      versions.map(({ type, fileName }) => [type, fileName]),
    );
    expect(newest.map(({ event }) => event.type)).toEqual(Object.keys(allPublishedEvents));
  });

  it('have types that nobody else has', () => {
    expect(new Set(versions.map(({ ceType }) => ceType)).size).toBe(versions.length);
  });
});

describe('the envelope', () => {
  it.each(published)('around $event.type keeps the event as it is', ({ event }) => {
    expect(decode(encode(event))).toEqual(event);
  });

  it('has no traceparent when there is no trace', () => {
    const { headers } = encodeEvent({ type: 'SyncStarted', data: syncStarted }, { id: 'a', time: 'b' });
    expect(headers).not.toHaveProperty('traceparent');
  });

  it.each(published)('of $event.type has every attribute that CloudEvents asks for', ({ event }) => {
    const { headers } = encode(event);
    expect(headers).toMatchObject({
      'ce-specversion': '1.0',
      'ce-id': attributes.id,
      'ce-time': attributes.time,
      'content-type': 'application/json',
    });
    for (const name of ['ce-type', 'ce-source', 'ce-subject', 'ce-dataschema']) {
      expect(headers[name]).toMatch(/\S/);
    }
  });

  it('leaves out what is absent, so that a reader sees no nulls', () => {
    const { sku, document: _, baselineAsOf, ...rest } = stockChanged;
    const event: StockEvent = { type: 'StockChanged', data: rest };
    const { headers, data } = encodeEvent(event, attributes);
    expect(asJson(data)).not.toContain('null');
    expect(decodeEvent(headers['ce-type'] ?? '', data)).toEqual(event);
  });
});

describe('what no published version has', () => {
  const CHANGED = 'com.tallystream.stock.changed.v1';

  it.each([
    '',
    'StockChanged',
    'com.tallystream.stock.changed',
    'com.tallystream.stock.changed.v0',
    'com.tallystream.stock.counted.v2',
    'com.tallystream.stock.changed.V1',
    ' com.tallystream.stock.changed.v1',
    'constructor',
    'toString',
    '__proto__',
  ])('given the type "%s", is refused', (type) => {
    const read = () => decodeEvent(type, bytes(JSON.stringify(stockChanged)));
    expect(read).toThrow(UnreadableEvent);
    expect(read).toThrow(`event type "${type}" is not known`);
  });

  it('but is newer, asks for an update of the reader', () => {
    const read = () => decodeEvent('com.tallystream.stock.changed.v9', bytes('{}'));
    expect(read).toThrow(UnreadableEvent);
    expect(read).toThrow(
      `event type "com.tallystream.stock.changed.v9" is newer than this reader, which knows up to "${CHANGED}": update it`,
    );
  });

  it('is of the other stream, is refused', () => {
    const item = encodeCatalogueEvent({ type: 'ItemCatalogued', data: itemCatalogued }, attributes);
    expect(() => decodeEvent(item.headers['ce-type'] ?? '', item.data)).toThrow(UnreadableEvent);
    const level = encodeEvent({ type: 'StockChanged', data: stockChanged }, attributes);
    expect(() => decodeCatalogueEvent(CHANGED, level.data)).toThrow(UnreadableEvent);
  });

  it.each([
    { what: 'an unknown status', misfit: { status: 'void' } },
    { what: 'a name of control characters', misfit: { name: 'pen\u0000' } },
    { what: 'no name', misfit: { name: undefined } },
    { what: 'a price as text', misfit: { rate: '2.5' } },
    { what: 'an id with a dot', misfit: { itemId: 'a.b' } },
  ])('given an item with $what, is refused', ({ misfit }) => {
    const data = bytes(JSON.stringify({ ...itemCatalogued, ...misfit }));
    expect(() => decodeCatalogueEvent('com.tallystream.catalog.item.v1', data)).toThrow(UnreadableEvent);
  });

  const { itemId: _, ...withoutItem } = stockChanged;
  it.each([
    { what: 'nothing', data: '' },
    { what: 'no JSON', data: '{"itemId":' },
    { what: 'null', data: 'null' },
    { what: 'a list', data: '[]' },
    { what: 'an empty object', data: '{}' },
    { what: 'a field missing', data: JSON.stringify(withoutItem) },
    { what: 'a revision of 0', data: JSON.stringify({ ...stockChanged, revision: 0 }) },
    { what: 'half a revision', data: JSON.stringify({ ...stockChanged, revision: 1.5 }) },
    { what: 'a quantity as text', data: JSON.stringify({ ...stockChanged, delta: { onHand: '3' } }) },
    { what: 'a quantity missing', data: JSON.stringify({ ...stockChanged, after: { onHand: 3 } }) },
    { what: 'an unknown reason', data: JSON.stringify({ ...stockChanged, reason: 'theft' }) },
    { what: 'an id with a dot', data: JSON.stringify({ ...stockChanged, itemId: 'a.b' }) },
    { what: 'an id as a number', data: JSON.stringify({ ...stockChanged, itemId: 12 }) },
    {
      what: 'a time without zone',
      data: JSON.stringify({ ...stockChanged, occurredAt: '2026-01-07T10:31:02' }),
    },
    { what: 'a null for absent', data: JSON.stringify({ ...stockChanged, sku: null }) },
    { what: "another event's data", data: JSON.stringify(syncStarted) },
  ])('given $what as data, is refused', ({ data }) => {
    const read = () => decodeEvent(CHANGED, bytes(data));
    expect(read).toThrow(UnreadableEvent);
    expect(read).toThrow(`data does not fit event type "${CHANGED}"`);
  });

  it('keeps the reason as the cause', () => {
    try {
      decodeEvent(CHANGED, bytes('{}'));
      throw new Error('was read');
    } catch (error) {
      expect(error).toMatchObject({ name: 'UnreadableEvent', cause: { name: 'ZodError' } });
    }
  });
});
