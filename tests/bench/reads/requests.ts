import { type ItemId, itemIdSchema, type WarehouseId, warehouseIdSchema } from '@tallystream/contracts';

export const KEY = 'bench-reader-key-0123456789';
export const WAREHOUSE: WarehouseId = warehouseIdSchema.parse('2646610000000077024');
/** As many as the reference customer has. */
export const ITEMS: readonly ItemId[] = Array.from({ length: 2_218 }, (_, n) =>
  itemIdSchema.parse(`2646610000${String(1_000_000 + n * 2_002).padStart(9, '0')}`),
);
export const BULK = 50;

export type Kind = 'single' | 'bulk';

/** A request as its bytes; each `n` asks for other items, all as often. */
export const readRequest = (kind: Kind, n: number): Buffer => {
  if (kind === 'single') return bytes(`GET /api/stock/${itemAt(n)} HTTP/1.1`);
  const itemIds = Array.from({ length: BULK }, (_, place) => itemAt(n * 7 + place * 41));
  return bytes('POST /api/stock/bulk HTTP/1.1', JSON.stringify({ itemIds }));
};

const itemAt = (n: number): ItemId => ITEMS[n % ITEMS.length] ?? itemIdSchema.parse('none');

const bytes = (line: string, body = ''): Buffer =>
  Buffer.from(
    [
      line,
      'host: 127.0.0.1',
      `authorization: Bearer ${KEY}`,
      ...(body ? ['content-type: application/json', `content-length: ${Buffer.byteLength(body)}`] : []),
      '',
      body,
    ].join('\r\n'),
  );
