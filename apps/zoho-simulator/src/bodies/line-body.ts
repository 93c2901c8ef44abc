import type { Item } from '../organisation/catalogue';
import type { Document, Line } from '../organisation/documents';
import type { Organisation } from '../organisation/organisation';
import { type Level, levelAt } from '../organisation/stock';
import { warehouseName } from '../organisation/warehouses';
import { toUnits } from '../quantity';
import { lineTotal, money, moneyFormatted, quantityFormatted } from './money';

export const itemOf = (organisation: Organisation, line: Pick<Line, 'itemId'>): Item => {
  const item = organisation.itemById.get(line.itemId);
  if (!item) throw new Error(`no item ${line.itemId}`);
  return item;
};

/** What the lines of invoices, bills and sales orders have in common. */
export const tradeLine = (organisation: Organisation, document: Document, line: Line, index: number) => {
  const item = itemOf(organisation, line);
  const total = lineTotal(item.rate, line.quantity);
  return {
    line_item_id: line.id,
    item_id: item.id,
    sku: item.sku,
    name: item.name,
    description: '',
    item_order: index + 1,
    item_type: item.isService ? 'sales' : 'inventory',
    product_type: item.isService ? 'service' : 'goods',
    bcy_rate: money(item.rate),
    bcy_rate_formatted: moneyFormatted(item.rate),
    rate: money(item.rate),
    rate_formatted: moneyFormatted(item.rate),
    quantity: toUnits(line.quantity),
    quantity_formatted: quantityFormatted(line.quantity),
    unit: item.unit,
    discount: 0,
    discount_amount: 0,
    discount_amount_formatted: moneyFormatted(0),
    tax_id: '',
    tax_name: '',
    tax_type: 'tax',
    tax_percentage: item.isService ? '' : 0,
    item_total: money(total),
    item_total_formatted: moneyFormatted(total),
    is_combo_product: false,
    image_document_id: '',
    item_custom_fields: [],
    tags: [],
    ...place(document, line),
  };
};

/** A line of a document that is about goods, not money. */
export const goodsLine = (organisation: Organisation, document: Document, line: Line, index: number) => {
  const item = itemOf(organisation, line);
  return {
    line_item_id: line.id,
    item_id: item.id,
    sku: item.sku,
    name: item.name,
    description: '',
    item_order: index + 1,
    item_type: 'inventory',
    quantity: toUnits(line.quantity),
    unit: item.unit,
    is_combo_product: false,
    item_custom_fields: [],
    ...place(document, line),
  };
};

/** Where the line's stock moves, said in the document's manner. */
export const place = (document: Document, line: Line): Record<string, string> => {
  switch (document.naming) {
    case 'line_warehouse':
      return {
        location_id: document.branchId,
        location_name: warehouseName(document.branchId),
        warehouse_id: line.warehouseId,
        warehouse_name: warehouseName(line.warehouseId),
      };
    case 'line_location':
      return { location_id: line.warehouseId, location_name: warehouseName(line.warehouseId) };
    case 'header':
      return {};
  }
};

/** The seven stock fields of a line, as they stand now; "" for a service. */
export const stockFields = (organisation: Organisation, line: Line): Record<string, number | ''> =>
  sevenFields(levelAt(organisation.stock, line));

/** Zoho's seven stock fields: `actual_` is the shelf, without it the books. */
export const sevenFields = (level: Level | undefined) => ({
  stock_on_hand: level ? toUnits(level.onHand) : ('' as const),
  available_stock: level ? toUnits(level.onHand) : ('' as const),
  actual_available_stock: level ? toUnits(level.physicalOnHand) : ('' as const),
  committed_stock: level ? toUnits(level.committed) : ('' as const),
  actual_committed_stock: level ? toUnits(level.physicalCommitted) : ('' as const),
  available_for_sale_stock: level ? toUnits(level.onHand - level.committed) : ('' as const),
  actual_available_for_sale_stock: level
    ? toUnits(level.physicalOnHand - level.physicalCommitted)
    : ('' as const),
});
