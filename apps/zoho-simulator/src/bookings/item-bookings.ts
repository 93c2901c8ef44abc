import { z } from 'zod';
import type { Item } from '../organisation/catalogue';
import { livingItem, nextId, type Organisation } from '../organisation/organisation';
import { levelKey, move, openLevels } from '../organisation/stock';
import { warehouseIds } from '../organisation/warehouses';
import { toMillionths } from '../quantity';
import { BookingRefused, booking, byId, changed, signedQuantity, warehouseId } from './booking';

const price = z
  .number()
  .min(0)
  .max(1_000_000)
  .refine((value) => Math.abs(Math.round(value * 100) - value * 100) < 1e-6, 'at most 2 decimals');
const fields = z.object({
  name: z.string().min(1).max(200),
  sku: z.string().min(1).max(100),
  arabicName: z.string().min(1).max(200),
  rate: price,
  purchaseRate: price,
  reorderLevel: z.number().min(0).max(1_000_000),
});
const newItem = fields.partial().extend({
  name: fields.shape.name,
  unit: z.string().min(1).max(20).default('pcs'),
  isService: z.boolean().default(false),
});
type ItemFields = z.infer<ReturnType<typeof fields.partial>>;

/** What changes an item itself. Its stock moves by documents, which leaves `last_modified_time` alone. */
export const itemBookings = {
  /** With no stock anywhere yet. */
  'item.create': booking(newItem, (organisation, { unit, isService, ...given }, at) => {
    const id = nextId(organisation);
    const item: Item = {
      type: 'item',
      id,
      sku: `NEW-${organisation.idsGiven}`,
      rate: 0,
      purchaseRate: 0,
      name: given.name,
      unit,
      isService,
      isFractional: false,
      status: 'active',
      createdAt: at,
      modifiedAt: at,
      opening: isService ? [] : warehouseIds.map(() => 0n),
    };
    Object.assign(item, toKeep(given));
    organisation.items.push(item);
    organisation.itemById.set(id, item);
    organisation.latest = Math.max(organisation.latest, at);
    openLevels(organisation.stock, item);
    for (const warehouse of item.opening.length > 0 ? warehouseIds : [])
      organisation.stock.touched.add(levelKey(id, warehouse));
    return [{ document: item, event: 'created' }];
  }),
  'item.update': booking(byId.extend(fields.partial().shape), (organisation, { id, ...given }, at) => {
    const item = itemIn(organisation, id);
    Object.assign(item, toKeep(given));
    return [changed(organisation, item, 'updated', at)];
  }),
  'item.activate': booking(byId, (organisation, { id }, at) => {
    const item = itemIn(organisation, id, 'inactive');
    item.status = 'active';
    return [changed(organisation, item, 'updated', at)];
  }),
  'item.deactivate': booking(byId, (organisation, { id }, at) => {
    const item = itemIn(organisation, id, 'active');
    item.status = 'inactive';
    return [changed(organisation, item, 'updated', at)];
  }),
  /** Its stock goes with it. */
  'item.delete': booking(byId, (organisation, { id }, at) => {
    const item = itemIn(organisation, id);
    item.status = 'deleted';
    organisation.items.splice(organisation.items.indexOf(item), 1);
    for (const warehouse of item.isService ? [] : warehouseIds) {
      organisation.stock.levels.delete(levelKey(id, warehouse));
      organisation.stock.touched.add(levelKey(id, warehouse));
    }
    return [changed(organisation, item, 'deleted', at)];
  }),
};

const shifts = z
  .object({ onHand: signedQuantity, physicalOnHand: signedQuantity })
  .partial()
  .refine((by) => (by.onHand ?? 0) !== 0 || (by.physicalOnHand ?? 0) !== 0, 'must move something');

/** What changes stock without any document, as nobody can explain: for tests of drift. No webhook tells of it. */
export const stockBookings = {
  'stock.shift': booking(
    z.object({ itemId: z.string(), warehouseId, by: shifts }),
    (organisation, { by, ...where }) => {
      if (itemIn(organisation, where.itemId).isService)
        throw new BookingRefused('bad_input', `item ${where.itemId} has no stock`);
      move(organisation.stock, where, 'onHand', toMillionths(by.onHand ?? 0));
      move(organisation.stock, where, 'physicalOnHand', toMillionths(by.physicalOnHand ?? 0));
      return [];
    },
  ),
};

const itemIn = (organisation: Organisation, id: string, status?: Item['status']): Item => {
  const item = livingItem(organisation, id);
  if (!item) throw new BookingRefused('not_found', `no item ${id}`);
  if (status && item.status !== status)
    throw new BookingRefused('not_allowed', `item ${id} is ${item.status}`);
  return item;
};

/** Money in hundredths, as items keep it. */
const toKeep = ({ rate, purchaseRate, ...rest }: ItemFields): Partial<Item> => ({
  ...rest,
  ...(rate === undefined ? {} : { rate: Math.round(rate * 100) }),
  ...(purchaseRate === undefined ? {} : { purchaseRate: Math.round(purchaseRate * 100) }),
});
