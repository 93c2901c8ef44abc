import { Controller, Get, Inject, Param, Query, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { ORGANIZATION_ID, warehouses } from '../organisation/warehouses';
import { SIMULATOR, type Simulator } from '../simulator';
import { itemBody, itemRow } from './item-body';
import { ZohoGuard } from './zoho.guard';
import { doesNotExist, invalidValue, success } from './zoho-answer';

const MAX_PER_PAGE = 200;
const page = z.coerce.number().int().min(1).default(1);
const perPage = z.coerce
  .number()
  .int()
  .min(1)
  .default(MAX_PER_PAGE)
  .transform((rows) => Math.min(rows, MAX_PER_PAGE));

/** Zoho's REST, as far as we call it. Inventory and Books answer alike; unknown parameters are ignored. */
@Controller(['inventory/v1', 'books/v3'])
@UseGuards(ZohoGuard)
export class ZohoController {
  constructor(@Inject(SIMULATOR) private readonly simulator: Simulator) {}

  @Get('items')
  items(@Query() query: Record<string, unknown>) {
    const { organisation } = this.simulator;
    const number = parameter(page, 'page', query.page);
    const rows = parameter(perPage, 'per_page', query.per_page);
    const from = (number - 1) * rows;
    const items = organisation.items.slice(from, from + rows).map((item) => itemRow(organisation, item));
    const hasMore = from + rows < organisation.items.length;
    return success({
      items,
      page_context: {
        page: number,
        per_page: rows,
        has_more_page: hasMore,
        report_name: 'Items',
        applied_filter: 'Status.All',
        sort_column: 'name',
        sort_order: 'A',
      },
    });
  }

  @Get('items/:id')
  item(@Param('id') id: string) {
    return success({ item: this.full(id) });
  }

  @Get('itemdetails')
  itemDetails(@Query('item_ids') itemIds: unknown) {
    if (typeof itemIds !== 'string' || itemIds === '') throw invalidValue('item_ids');
    return success({ items: itemIds.split(',').map((id) => this.full(id.trim())) });
  }

  @Get('locations')
  locations() {
    return success({
      locations: warehouses.map((warehouse) => ({
        location_id: warehouse.id,
        location_name: warehouse.name,
        type: 'general',
        status: 'active',
        is_location_active: true,
        is_primary: warehouse.isPrimary,
        is_primary_location: warehouse.isPrimary,
        is_storage_location_enabled: false,
      })),
    });
  }

  @Get('organizations')
  organizations() {
    return success({
      organizations: [
        {
          organization_id: ORGANIZATION_ID,
          name: 'Simulated Trading Co.',
          is_default_org: true,
          time_zone: 'Asia/Kolkata',
          language_code: 'en',
          currency_code: 'SAR',
          currency_symbol: 'SAR',
          price_precision: 2,
        },
      ],
    });
  }

  private full(id: string) {
    const { organisation } = this.simulator;
    const item = organisation.itemById.get(id);
    if (!item) throw doesNotExist();
    return itemBody(organisation, item);
  }
}

const parameter = <T>(schema: z.ZodType<T>, name: string, value: unknown): T => {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalidValue(name);
  return parsed.data;
};
