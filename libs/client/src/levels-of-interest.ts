import { itemIdSchema, type LevelRef, type Naming, warehouseIdSchema } from '@tallystream/contracts';

/** Which levels a subscriber wants to hear of; absent: of every item, of every warehouse. */
export type LevelsOfInterest = Readonly<{ items?: readonly string[]; warehouses?: readonly string[] }>;

/** A consumer of more filters than this costs nats-server more than the messages that it would keep away. */
const MAX_SUBJECTS = 200;

/**
 * The subjects to consume, and which of their levels count: many items are taken by warehouse, or all, and sorted
 * out here.
 * @throws RangeError for an empty list, or what cannot be an id
 */
export const levelsOfInterest = (naming: Naming, { items, warehouses }: LevelsOfInterest) => {
  const itemIds = distinct('items', items, itemIdSchema);
  const warehouseIds = distinct('warehouses', warehouses, warehouseIdSchema);
  const subject = (warehouse: string, item: string) => naming.subject(`stock.changed.${warehouse}.${item}`);
  const candidates = [
    (warehouseIds ?? ['*']).flatMap((warehouse) =>
      (itemIds ?? ['*']).map((item) => subject(warehouse, item)),
    ),
    (warehouseIds ?? ['*']).map((warehouse) => subject(warehouse, '*')),
    [subject('*', '*')],
  ];
  const subjects = candidates.find(({ length }) => length <= MAX_SUBJECTS) ?? [subject('*', '*')];
  const wantedItems = itemIds && new Set(itemIds);
  const wantedWarehouses = warehouseIds && new Set(warehouseIds);
  return {
    subjects,
    includes: ({ itemId, warehouseId }: LevelRef): boolean =>
      (wantedItems?.has(itemId) ?? true) && (wantedWarehouses?.has(warehouseId) ?? true),
  };
};

const distinct = (
  what: string,
  ids: readonly string[] | undefined,
  schema: typeof itemIdSchema | typeof warehouseIdSchema,
): readonly string[] | undefined => {
  if (ids?.length === 0) throw new RangeError(`${what} is empty: leave it out to hear of all`);
  for (const id of ids ?? []) {
    const { error } = schema.safeParse(id);
    if (error)
      throw new RangeError(`${what}: ${JSON.stringify(id)} ${error.issues[0]?.message ?? 'is no id'}`);
  }
  return ids && [...new Set(ids)];
};
