import { zohoDate } from '../clock';
import { contactAt, customers } from '../organisation/contacts';
import type { Package, Shipment } from '../organisation/documents';
import { findDocument, type Organisation } from '../organisation/organisation';
import { toUnits } from '../quantity';
import { customerBody, headerBody } from './header-body';
import { goodsLine } from './line-body';

export const packageBody = (organisation: Organisation, made: Package) => {
  const shipment = findDocument(organisation, 'shipment_order', made.shipmentId ?? '');
  return {
    package_id: made.id,
    package_number: made.number,
    ...headerBody(made),
    ...customerBody(contactAt(customers, made.contact)),
    ...orderNames(organisation, made.orderId),
    shipment_order: shipment ? shipmentNames(shipment) : {},
    line_items: made.lines.map((line, index) => ({
      ...goodsLine(organisation, made, line, index),
      so_line_item_id: line.orderLineId ?? '',
      is_invoiced: false,
      mapped_items: [],
    })),
    total_quantity: toUnits(made.lines.reduce((sum, { quantity }) => sum + quantity, 0n)),
    is_emailed: false,
    notes: '',
    template_type: 'standard',
  };
};

/** Tells of items and packages, of no quantities: the packages carry those. */
export const shipmentBody = (organisation: Organisation, shipment: Shipment) => {
  const shipped = findDocument(organisation, 'package', shipment.packageId);
  return {
    ...shipmentNames(shipment),
    ...headerBody(shipment),
    ...customerBody(contactAt(customers, shipment.contact)),
    ...orderNames(organisation, shipment.orderId),
    packages: shipped ? [{ package_id: shipped.id, package_number: shipped.number }] : [],
    line_items: shipment.lines.map((line, index) => {
      const { quantity, ...names } = goodsLine(organisation, shipment, line, index);
      return names;
    }),
    notes: '',
  };
};

const shipmentNames = (shipment: Shipment) => ({
  shipment_id: shipment.id,
  shipment_number: shipment.number,
  status: shipment.status,
  carrier: 'Harbour Couriers',
  delivery_method: 'Harbour Couriers',
  tracking_number: `HC${shipment.id.slice(-8)}`,
  shipping_date: zohoDate(shipment.createdAt),
});

const orderNames = (organisation: Organisation, orderId: string) => ({
  salesorder_id: orderId,
  salesorder_number: findDocument(organisation, 'salesorder', orderId)?.number ?? '',
});
