import { contactAt, vendors } from '../organisation/contacts';
import type { Bundle, PurchaseReceive, TransferOrder } from '../organisation/documents';
import type { Organisation } from '../organisation/organisation';
import { warehouseName } from '../organisation/warehouses';
import { toUnits } from '../quantity';
import { headerBody, vendorBody } from './header-body';
import { goodsLine, itemOf } from './line-body';

export const purchaseReceiveBody = (organisation: Organisation, receive: PurchaseReceive) => ({
  receive_id: receive.id,
  receive_number: receive.number,
  ...headerBody(receive),
  purchaseorder_id: '',
  purchaseorder_number: '',
  ...vendorBody(contactAt(vendors, receive.contact)),
  line_items: receive.lines.map((line, index) => goodsLine(organisation, receive, line, index)),
  notes: '',
});

export const transferBody = (organisation: Organisation, order: TransferOrder) => {
  const source = order.lines[0]?.warehouseId ?? '';
  const kind = order.naming === 'line_warehouse' ? 'warehouse' : 'location';
  return {
    transfer_order_id: order.id,
    transfer_order_number: order.number,
    ...headerBody(order),
    [`from_${kind}_id`]: source,
    [`from_${kind}_name`]: warehouseName(source),
    [`to_${kind}_id`]: order.destinationId,
    [`to_${kind}_name`]: warehouseName(order.destinationId),
    is_intransit_order: order.status === 'in_transit' || order.status === 'partially_transferred',
    line_items: order.lines.map((line, index) => {
      const { quantity, ...names } = goodsLine(organisation, order, line, index);
      return { ...names, quantity_transfer: quantity, quantity_transferred: toUnits(line.received) };
    }),
    description: '',
  };
};

export const bundleBody = (organisation: Organisation, bundle: Bundle) => {
  const composite = itemOf(organisation, { itemId: bundle.compositeId });
  return {
    bundle_id: bundle.id,
    transaction_number: bundle.number,
    ...headerBody(bundle),
    composite_item_id: composite.id,
    composite_item_name: composite.name,
    composite_item_sku: composite.sku,
    quantity_to_bundle: toUnits(bundle.quantity),
    is_completed: bundle.status === 'completed',
    warehouse_id: bundle.warehouseId,
    warehouse_name: warehouseName(bundle.warehouseId),
    line_items: bundle.lines.map((line, index) => {
      const { quantity, ...names } = goodsLine(organisation, bundle, line, index);
      return { ...names, quantity_consumed: quantity };
    }),
    description: '',
  };
};
