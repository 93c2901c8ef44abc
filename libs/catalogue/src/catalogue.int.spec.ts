import {
  type Cause,
  type ItemCatalogued,
  instantFrom,
  itemIdSchema,
  type Naming,
  type WarehouseCatalogued,
  warehouseIdSchema,
} from '@tallystream/contracts';
import {
  type JetStreamConnection,
  lastMessage,
  lastSequence,
  openConnection,
  provisionStreams,
} from '@tallystream/jetstream';
import { freshNaming, testServers } from '@tallystream/testing';
import { openCatalogue } from './index';

const quiet = { info: () => undefined, warn: () => undefined };
const cause: Cause = { kind: 'sync', id: 'run-1', actor: 'reconciler' };
const at = (seconds: number) => instantFrom(Date.UTC(2026, 0, 7) + seconds * 1000);
const penId = itemIdSchema.parse('pen');
const pen: ItemCatalogued = {
  itemId: penId,
  name: 'Pen',
  arabicName: 'قلم',
  sku: 'PEN-1',
  rate: 2.5,
  status: 'active',
  tracksStock: true,
  cause,
  occurredAt: at(0),
};
const main: WarehouseCatalogued = {
  warehouseId: warehouseIdSchema.parse('main'),
  name: 'Main WareHouse',
  status: 'active',
  isPrimary: true,
  cause,
  occurredAt: at(0),
};
const later = (seconds: number, rest: Partial<ItemCatalogued> = {}): ItemCatalogued => ({
  ...pen,
  occurredAt: at(seconds),
  ...rest,
});

describe('the catalogue on JetStream', () => {
  let connection: JetStreamConnection;
  let naming: Naming;
  const open = () => openCatalogue(connection, naming);
  const written = () => lastSequence(connection, naming.stream('CATALOG'));

  beforeAll(async () => {
    connection = openConnection({ url: testServers().natsUrl, name: 'catalogue.int.spec' }, quiet);
    await connection.ready();
  });
  beforeEach(async () => {
    naming = freshNaming();
    await provisionStreams(connection, naming);
  });
  afterAll(() => connection.close());

  it('keeps what it was told, and knows nothing else', async () => {
    expect(await open().record([pen], [main])).toBe(2);
    expect(await open().item(penId)).toEqual(pen);
    expect(await open().warehouses()).toEqual([main]);
    expect(await open().item(itemIdSchema.parse('ink'))).toBeUndefined();
    expect(await open().items([itemIdSchema.parse('ink'), penId])).toEqual(new Map([[penId, pen]]));
    expect(await open().items([])).toEqual(new Map());
  });

  it('has no warehouses before it is told of one', async () => {
    expect(await open().warehouses()).toEqual([]);
  });

  it('writes nothing when nothing is new, whoever says it again and when', async () => {
    await open().record([pen], [main]);
    const { arabicName, ...rest } = pen;
    const inOtherOrder = { ...rest, cause: { ...cause, id: 'run-2' }, occurredAt: at(9), arabicName };
    expect(await open().record([inOtherOrder], [{ ...main, occurredAt: at(9) }])).toBe(0);
    expect(await written()).toBe(2);
  });

  it.each<{ what: string; news: Partial<ItemCatalogued> }>([
    { what: 'another name', news: { name: 'Ballpoint' } },
    { what: 'no Arabic name any more', news: { arabicName: undefined } },
    { what: 'a reorder level for the first time', news: { reorderLevel: 40 } },
    { what: 'another price', news: { rate: 2.25 } },
    { what: 'that it is gone', news: { status: 'gone' } },
  ])('given $what, writes the item anew', async ({ news }) => {
    await open().record([pen]);
    expect(await open().record([later(1, news)])).toBe(1);
    expect(await open().item(penId)).toEqual(later(1, news));
  });

  it('a slow answer does not undo a later one', async () => {
    await open().record([later(10, { name: 'new' })]);
    expect(await open().record([later(5, { name: 'old' })])).toBe(0);
    expect((await open().item(penId))?.name).toBe('new');
  });

  it('of one item told twice at once, keeps the last', async () => {
    expect(await open().record([pen, later(1, { name: 'Ballpoint' })])).toBe(1);
    expect((await open().item(penId))?.name).toBe('Ballpoint');
  });

  it('8 writers at once: the latest word stays, and no event is not news to the one before', async () => {
    // The latest comes first: written in the order of arrival, an older one would stay.
    const words = Array.from({ length: 8 }, (_, n) => later(7 - n, { name: `name ${7 - n}` }));
    const counts = await Promise.all(words.map((word) => open().record([word])));
    expect((await open().item(penId))?.name).toBe('name 7');
    expect(await written()).toBe(counts.reduce((sum, count) => sum + count, 0));
  });

  it('takes 2,218 items at once, and again', async () => {
    const many = Array.from({ length: 2_218 }, (_, n) => ({
      ...pen,
      itemId: itemIdSchema.parse(`item-${n}`),
    }));
    expect(await open().record(many)).toBe(2_218);
    expect(await open().record(many)).toBe(0);
    expect((await open().items(many.map(({ itemId }) => itemId))).size).toBe(2_218);
  });

  it('keeps to its fields: what else Zoho says of a warehouse stays out of the stream', async () => {
    const fromZoho = { ...main, phone: '+964 770 000 0000', email: 'someone@example.com' };
    await open().record([], [fromZoho]);
    const subject = naming.catalogWarehouseSubject(main.warehouseId);
    const message = await lastMessage(connection, naming.stream('CATALOG'), subject);
    expect(JSON.parse(Buffer.from(message?.data ?? []).toString('utf8'))).toEqual(main);
  });

  it('refuses what readers could not read, and writes nothing of it', async () => {
    const unreadable = { ...pen, itemId: itemIdSchema.parse('ink'), name: 'a\u0000b' };
    await expect(open().record([pen, unreadable])).rejects.toMatchObject({ name: 'ZodError' });
    expect(await written()).toBe(0);
  });
});
