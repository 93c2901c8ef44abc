import { toShip } from '../bookings/order-counters';
import type { Order } from '../bookings/registry';
import type { SalesOrder } from '../organisation/documents';
import { adjectives, nouns } from '../organisation/names';
import { findDocument, type Organisation } from '../organisation/organisation';
import { floorZero, lesser, toMillionths, toUnits } from '../quantity';
import type { Random } from '../random';
import { randomContent, randomItem, randomQuantity } from './random-lines';
import { hasRested } from './rest';
import type { Scope, TrafficType } from './scope';

/** A new document of the type; for an item, which are there already, a new name or price. */
export const randomNew = (
  organisation: Organisation,
  random: Random,
  scope: Scope,
  type: TrafficType,
): Order => {
  const trade = () => randomContent(organisation, random, scope, { services: true });
  const goods = () => randomContent(organisation, random, scope, { services: false });
  const draftOr = <S extends string>(status: S): 'draft' | S => (random.chance(0.15) ? 'draft' : status);
  switch (type) {
    case 'invoice':
      return { action: 'invoice.create', input: { ...trade(), status: draftOr('sent') } };
    case 'bill':
      return { action: 'bill.create', input: { ...trade(), status: draftOr('open') } };
    case 'salesorder':
      return { action: 'salesorder.create', input: trade() };
    case 'creditnote':
      return { action: 'creditnote.create', input: { ...trade(), status: draftOr('open') } };
    case 'vendor_credit':
      return { action: 'vendor_credit.create', input: { ...trade(), status: draftOr('open') } };
    case 'purchase_receive': {
      const status = random.chance(0.2) ? 'in_transit' : 'received';
      return { action: 'purchase_receive.create', input: { ...goods(), status } };
    }
    case 'salesreturn':
      return {
        action: 'salesreturn.create',
        input: { ...goods(), creditOnly: random.chance(0.2) ? [0] : [] },
      };
    case 'inventory_adjustment': {
      const sign = random.chance(0.5) ? 1 : -1;
      const content = goods();
      const lines = content.lines.map((line) => ({ ...line, quantity: sign * line.quantity }));
      const mode = random.chance(0.2) ? 'value' : 'quantity';
      return { action: 'inventory_adjustment.create', input: { ...content, lines, mode } };
    }
    case 'transfer_order':
      return newTransfer(organisation, random, scope);
    case 'bundle':
      return newBundle(organisation, random, scope);
    case 'package':
      return newPackage(organisation, random) ?? { action: 'salesorder.create', input: trade() };
    case 'item':
      return itemUpdate(organisation, random, scope);
  }
};

const newTransfer = (organisation: Organisation, random: Random, scope: Scope): Order => {
  const content = randomContent(organisation, random, scope, { services: false, oneWarehouse: true });
  const source = content.lines[0]?.warehouseId;
  const destinationId = random.pick(scope.warehouseIds.filter((id) => id !== source));
  const status = random.chance(0.2) ? 'draft' : 'in_transit';
  return { action: 'transfer_order.create', input: { ...content, destinationId, status } };
};

const newBundle = (organisation: Organisation, random: Random, scope: Scope): Order => {
  const content = randomContent(organisation, random, scope, { services: false, oneWarehouse: true });
  const composite = randomItem(organisation, random, scope, { services: false });
  const parts = content.lines.filter((line) => line.itemId !== composite.id).slice(0, 3);
  if (parts.length === 0) return { action: 'salesorder.create', input: content };
  return {
    action: 'bundle.create',
    input: {
      ...content,
      lines: parts,
      compositeId: composite.id,
      quantity: random.int(1, 4),
      status: random.chance(0.2) ? 'draft' : 'completed',
    },
  };
};

const RECENT_ORDERS = 200;
const TRIES = 8;

/** Packs some or all of what a recent order has still to ship, if one of a few has. */
const newPackage = (organisation: Organisation, random: Random): Order | undefined => {
  const recent = organisation.idsByType.salesorder.slice(-RECENT_ORDERS);
  for (let attempt = 0; attempt < TRIES && recent.length > 0; attempt += 1) {
    const order = findDocument(organisation, 'salesorder', random.pick(recent));
    if (order?.status !== 'confirmed' || !hasRested(organisation, order)) continue;
    const lines = toPack(organisation, random, order);
    if (lines.length > 0) return { action: 'package.create', input: { id: order.id, lines } };
  }
  return undefined;
};

const toPack = (organisation: Organisation, random: Random, order: SalesOrder) => {
  const isWhole = random.chance(0.5);
  return order.lines.flatMap((line, index) => {
    const item = organisation.itemById.get(line.itemId);
    const open = lesser(toShip(line), floorZero(line.quantity - line.packed));
    if (item?.isService || open === 0n || (!isWhole && random.chance(0.5))) return [];
    const part = toMillionths(randomQuantity(random, item));
    return [{ line: index, quantity: toUnits(isWhole ? open : lesser(open, part)) }];
  });
};

const itemUpdate = (organisation: Organisation, random: Random, scope: Scope): Order => {
  const { id } = randomItem(organisation, random, scope, { services: true });
  const change = random.chance(0.5)
    ? { rate: random.int(150, 90_000) / 100 }
    : { name: `${random.pick(adjectives)} ${random.pick(nouns)} ${random.int(1, 9999)}` };
  return { action: 'item.update', input: { id, ...change } };
};
