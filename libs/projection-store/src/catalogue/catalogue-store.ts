import type { CatalogueEvent, ItemCatalogued, StreamSeq, WarehouseCatalogued } from '@tallystream/contracts';
import type { EntityManager } from 'typeorm';
import { itemWords, wordsVector } from './item-search';

export type RecordedCatalogueEvent = Readonly<{ event: CatalogueEvent; seq: StreamSeq }>;

/** Writes the newest event of each item and warehouse of a batch; a row that is already newer stays. */
export const writeCatalogue = async (
  manager: EntityManager,
  events: readonly RecordedCatalogueEvent[],
): Promise<void> => {
  const items = new Map<string, Recorded<ItemCatalogued>>();
  const warehouses = new Map<string, Recorded<WarehouseCatalogued>>();
  for (const { event, seq } of events) {
    if (event.type === 'ItemCatalogued') items.set(event.data.itemId, { data: event.data, seq });
    else warehouses.set(event.data.warehouseId, { data: event.data, seq });
  }
  if (items.size > 0) await writeItems(manager, [...items.values()]);
  if (warehouses.size > 0) await writeWarehouses(manager, [...warehouses.values()]);
};

type Recorded<Data> = Readonly<{ data: Data; seq: StreamSeq }>;

const writeItems = async (
  manager: EntityManager,
  items: readonly Recorded<ItemCatalogued>[],
): Promise<void> => {
  const column = (value: (item: Recorded<ItemCatalogued>) => unknown) => items.map(value);
  await manager.query(UPSERT_ITEMS, [
    column(({ data }) => data.itemId),
    column(({ data }) => data.name),
    column(({ data }) => data.arabicName ?? null),
    column(({ data }) => data.sku ?? null),
    column(({ data }) => data.unit ?? null),
    column(({ data }) => data.rate ?? null),
    column(({ data }) => data.purchaseRate ?? null),
    column(({ data }) => data.status),
    column(({ data }) => data.reorderLevel ?? null),
    column(({ data }) => data.imageId ?? null),
    column(({ data }) => data.tracksStock),
    column(({ data }) => wordsVector(itemWords(data))),
    column(({ data }) => data.occurredAt),
    column(({ seq }) => seq),
  ]);
};

const UPSERT_ITEMS = `
  INSERT INTO items AS i (
    item_id, name, arabic_name, sku, unit, rate, purchase_rate, status, reorder_level, image_id, tracks_stock,
    search, occurred_at, sequence)
  SELECT * FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::numeric[], $7::numeric[], $8::text[],
    $9::numeric[], $10::text[], $11::boolean[], $12::tsvector[], $13::timestamptz[], $14::bigint[])
  ON CONFLICT (item_id) DO UPDATE SET
    name = EXCLUDED.name,
    arabic_name = EXCLUDED.arabic_name,
    sku = EXCLUDED.sku,
    unit = EXCLUDED.unit,
    rate = EXCLUDED.rate,
    purchase_rate = EXCLUDED.purchase_rate,
    status = EXCLUDED.status,
    reorder_level = EXCLUDED.reorder_level,
    image_id = EXCLUDED.image_id,
    tracks_stock = EXCLUDED.tracks_stock,
    search = EXCLUDED.search,
    occurred_at = EXCLUDED.occurred_at,
    sequence = EXCLUDED.sequence
  WHERE i.sequence < EXCLUDED.sequence`;

const writeWarehouses = async (
  manager: EntityManager,
  warehouses: readonly Recorded<WarehouseCatalogued>[],
): Promise<void> => {
  const column = (value: (warehouse: Recorded<WarehouseCatalogued>) => unknown) => warehouses.map(value);
  await manager.query(UPSERT_WAREHOUSES, [
    column(({ data }) => data.warehouseId),
    column(({ data }) => data.name),
    column(({ data }) => data.status),
    column(({ data }) => data.isPrimary),
    column(({ data }) => data.occurredAt),
    column(({ seq }) => seq),
  ]);
};

const UPSERT_WAREHOUSES = `
  INSERT INTO warehouses AS w (warehouse_id, name, status, is_primary, occurred_at, sequence)
  SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::boolean[], $5::timestamptz[], $6::bigint[])
  ON CONFLICT (warehouse_id) DO UPDATE SET
    name = EXCLUDED.name,
    status = EXCLUDED.status,
    is_primary = EXCLUDED.is_primary,
    occurred_at = EXCLUDED.occurred_at,
    sequence = EXCLUDED.sequence
  WHERE w.sequence < EXCLUDED.sequence`;
