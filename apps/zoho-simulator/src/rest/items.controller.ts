import { Get, Inject, Param, Query, Req, StreamableFile } from '@nestjs/common';
import type { Request } from 'express';
import { itemBody, itemRow } from '../bodies/item-body';
import type { Item } from '../organisation/catalogue';
import { livingItem } from '../organisation/organisation';
import { SIMULATOR, type Simulator } from '../simulator';
import { type ListQuery, listQuery, pageOf, type SortColumns } from './list-query';
import { doesNotExist, invalidValue, success } from './zoho-answer';
import { ZohoApi } from './zoho-api';

const sortColumns: SortColumns<Item> = {
  name: (item) => item.name,
  sku: (item) => item.sku,
  rate: (item) => item.rate,
  created_time: (item) => item.createdAt,
  last_modified_time: (item) => item.modifiedAt,
};

const filters: Readonly<Record<string, (item: Item) => boolean>> = {
  'Status.All': () => true,
  'Status.Active': (item) => item.status === 'active',
  'Status.Inactive': (item) => item.status === 'inactive',
};

@ZohoApi()
export class ItemsController {
  constructor(@Inject(SIMULATOR) private readonly simulator: Simulator) {}

  @Get('items')
  items(@Query() query: Record<string, unknown>, @Req() request: Request) {
    const { organisation } = this.simulator;
    // Books' list of items has no such filter: it is one more parameter that it does not know.
    const asked = request.path.startsWith('/books/') ? { ...query, last_modified_time: undefined } : query;
    const list = listQuery(asked);
    const { rows, context } = pageOf(organisation.items.filter(matching(list)), list, sortColumns, 'Items');
    return success({ items: rows.map((item) => itemRow(organisation, item)), page_context: context });
  }

  @Get('items/:id')
  item(@Param('id') id: string) {
    return success({ item: this.full(id) });
  }

  @Get('items/:id/image')
  image(@Param('id') id: string) {
    if (!livingItem(this.simulator.organisation, id)?.image) throw doesNotExist();
    return new StreamableFile(DOT, { type: 'image/png' });
  }

  @Get('itemdetails')
  itemDetails(@Query('item_ids') itemIds: unknown) {
    if (typeof itemIds !== 'string' || itemIds === '') throw invalidValue('item_ids');
    return success({ items: itemIds.split(',').map((id) => this.full(id.trim())) });
  }

  private full(id: string) {
    const { organisation, manners } = this.simulator;
    const item = livingItem(organisation, id);
    if (!item) throw doesNotExist();
    return itemBody(organisation, item, manners);
  }
}

const matching = ({ filter = 'Status.All', modifiedSince = 0 }: ListQuery): ((item: Item) => boolean) => {
  const hasStatus = Object.hasOwn(filters, filter) ? filters[filter] : undefined;
  if (!hasStatus) throw invalidValue('filter_by');
  return (item) => item.modifiedAt >= modifiedSince && hasStatus(item);
};

/** A picture of one pixel. */
const DOT = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
