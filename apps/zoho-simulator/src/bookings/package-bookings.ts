import type { LineOfOrder, Package, Shipment } from '../organisation/documents';
import { findDocument, nextId, type Organisation } from '../organisation/organisation';
import { toMillionths } from '../quantity';
import {
  booking,
  byId,
  type Change,
  changed,
  checkTracked,
  created,
  documentIn,
  lineIn,
  newHeader,
  partsOfLines,
} from './booking';
import { become, remove } from './counted-lines';
import { countOn, type DocumentCounter } from './order-counters';

/** A package takes goods off the shelf when it is shipped, and gives them back when the shipment is deleted. */
export const packageBookings = {
  'package.create': booking(byId.extend({ lines: partsOfLines }), (organisation, { id, lines }, at) => {
    const order = documentIn(organisation, 'salesorder', id, 'confirmed');
    const packed = lines.map((wanted): LineOfOrder => {
      const { id: orderLineId, itemId, warehouseId } = lineIn(order, wanted.line);
      return { id: '', itemId, warehouseId, quantity: toMillionths(wanted.quantity), orderLineId };
    });
    checkTracked(organisation, packed);
    const made: Package = {
      ...newHeader(organisation, order, 'package', at),
      status: 'not_shipped',
      orderId: order.id,
      lines: packed.map((line) => ({ ...line, id: nextId(organisation) })),
    };
    order.packageIds.push(made.id);
    return [created(organisation, made), ...tellOrder(organisation, made, { packed: 1n }, at)];
  }),
  /** Makes the shipment too. */
  'package.ship': booking(byId, (organisation, { id }, at) => {
    const shipped = documentIn(organisation, 'package', id, 'not_shipped');
    const shipment: Shipment = {
      ...newHeader(organisation, shipped, 'shipment_order', at),
      status: 'shipped',
      orderId: shipped.orderId,
      packageId: shipped.id,
      lines: shipped.lines.map((line) => ({ ...line })),
    };
    shipped.shipmentId = shipment.id;
    become(organisation, shipped, 'shipped');
    return [
      created(organisation, shipment),
      changed(organisation, shipped, 'updated', at),
      ...tellOrder(organisation, shipped, { shipped: 1n }, at),
    ];
  }),
  'package.deliver': booking(byId, (organisation, { id }, at) => {
    const delivered = documentIn(organisation, 'package', id, 'shipped');
    const shipment = documentIn(organisation, 'shipment_order', delivered.shipmentId ?? '', 'shipped');
    become(organisation, delivered, 'delivered');
    shipment.status = 'delivered';
    return [
      changed(organisation, shipment, 'updated', at),
      changed(organisation, delivered, 'updated', at),
      ...tellOrder(organisation, delivered, { delivered: 1n }, at),
    ];
  }),
  'package.delete': booking(byId, (organisation, { id }, at) => {
    const unpacked = documentIn(organisation, 'package', id, 'not_shipped');
    return [...remove(organisation, unpacked, at), ...tellOrder(organisation, unpacked, { packed: -1n }, at)];
  }),
  /** Puts its package back on the shelf. */
  'shipment_order.delete': booking(byId, (organisation, { id }, at) => {
    const shipment = documentIn(organisation, 'shipment_order', id);
    const back = documentIn(organisation, 'package', shipment.packageId);
    const counters = { shipped: -1n, ...(back.status === 'delivered' ? { delivered: -1n } : {}) };
    organisation.documents.delete(id);
    become(organisation, back, 'not_shipped');
    back.shipmentId = undefined;
    return [
      changed(organisation, shipment, 'deleted', at),
      changed(organisation, back, 'updated', at),
      ...tellOrder(organisation, back, counters, at),
    ];
  }),
};

/** Each counter goes up (1) or down (-1) by what is in the package. */
type Steps = Partial<Record<DocumentCounter, bigint>>;

const tellOrder = (organisation: Organisation, packed: Package, steps: Steps, at: number): Change[] => {
  const order = findDocument(organisation, 'salesorder', packed.orderId);
  if (!order) return [];
  for (const line of packed.lines) {
    const ordered = order.lines.find((candidate) => candidate.id === line.orderLineId);
    if (!ordered) continue;
    const { packed: packs = 0n, shipped = 0n, delivered = 0n } = steps;
    countOn(organisation, order, ordered, 'packed', packs * line.quantity);
    countOn(organisation, order, ordered, 'shipped', shipped * line.quantity);
    countOn(organisation, order, ordered, 'delivered', delivered * line.quantity);
  }
  return [changed(organisation, order, 'updated', at)];
};
