import type { Adjustment } from '../organisation/documents';
import type { Organisation } from '../organisation/organisation';
import { toUnits } from '../quantity';
import { headerBody } from './header-body';
import { itemOf, place } from './line-body';
import { lineTotal, money, quantityFormatted } from './money';

export const adjustmentBody = (organisation: Organisation, adjustment: Adjustment) => ({
  inventory_adjustment_id: adjustment.id,
  ...headerBody(adjustment),
  reference_number: adjustment.number,
  adjustment_type: adjustment.mode,
  adjustment_type_formatted: adjustment.mode === 'quantity' ? 'Quantity' : 'Value',
  reason: adjustment.mode === 'quantity' ? 'Stocktaking results' : 'Inventory revaluation',
  reason_id: '2646610000000034377',
  description: 'جرد دوري / periodic count',
  line_items: adjustment.lines.map((line, index) => {
    const item = itemOf(organisation, line);
    const worth = money(lineTotal(item.rate, line.quantity));
    const isQuantity = adjustment.mode === 'quantity';
    return {
      line_item_id: line.id,
      item_id: item.id,
      sku: item.sku,
      name: item.name,
      description: '',
      item_order: index + 1,
      item_type: 'inventory',
      unit: item.unit,
      quantity_adjusted: isQuantity ? toUnits(line.quantity) : 0,
      quantity_adjusted_formatted: isQuantity ? quantityFormatted(line.quantity) : '',
      value_adjusted: isQuantity ? '' : worth,
      item_total: worth,
      is_combo_product: false,
      adjustment_account_id: '2646610000000034003',
      adjustment_account_name: 'Cost of Goods Sold',
      ...place(adjustment, line),
    };
  }),
});
