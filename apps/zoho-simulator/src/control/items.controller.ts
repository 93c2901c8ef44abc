import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  NotFoundException,
  Param,
  Post,
  UseGuards,
} from '@nestjs/common';
import { z } from 'zod';
import { documentBody } from '../bodies/document-body';
import { type Spoiling, spoilings } from '../bodies/manners';
import { warehouseId } from '../bookings/booking';
import { livingItem } from '../organisation/organisation';
import { MAIN_WAREHOUSE_ID } from '../organisation/warehouses';
import { SIMULATOR, type Simulator } from '../simulator';
import { bookAndTell } from './book-and-tell';
import { controlInput } from './control-input';
import { LoopbackGuard } from './loopback.guard';

const spoil = z.strictObject({ how: z.enum([...spoilings, 'not']) });
const shift = z.strictObject({
  warehouseId: warehouseId.default(MAIN_WAREHOUSE_ID),
  onHand: z.number().default(0),
  physicalOnHand: z.number().default(0),
});

/** Items made, changed and taken away by hand. What changes an item sends its webhook; what moves its stock does not. */
@Controller('control/items')
@UseGuards(LoopbackGuard)
export class ItemsController {
  constructor(@Inject(SIMULATOR) private readonly simulator: Simulator) {}

  @Post()
  @HttpCode(200)
  create(@Body() body: Record<string, unknown>) {
    return this.first({ action: 'item.create', input: body });
  }

  @Get(':id')
  item(@Param('id') id: string) {
    const item = livingItem(this.simulator.organisation, id);
    if (!item) throw new NotFoundException({ error: 'not_found', message: `no item ${id}` });
    return documentBody(this.simulator.organisation, item);
  }

  @Post(':id')
  @HttpCode(200)
  update(@Param('id') id: string, @Body() body: Record<string, unknown>) {
    return this.first({ action: 'item.update', input: { ...body, id } });
  }

  /** Changes its stock without any document: what reconciliation has to find. `onHand`, `physicalOnHand`: by how much. */
  @Post(':id/shift')
  @HttpCode(200)
  async shift(@Param('id') itemId: string, @Body() body: unknown) {
    const { warehouseId, ...by } = controlInput(shift, body);
    await bookAndTell(this.simulator, { action: 'stock.shift', input: { itemId, warehouseId, by } });
    return { itemId, warehouseId, by };
  }

  /** Makes REST tell of it badly, until told `not`. */
  @Post(':id/spoil')
  @HttpCode(200)
  spoil(@Param('id') id: string, @Body() body: unknown) {
    const { how } = controlInput(spoil, body);
    const { spoiled } = this.simulator.manners;
    if (how === 'not') spoiled.delete(id);
    else spoiled.set(id, how satisfies Spoiling);
    return { spoiled: Object.fromEntries(spoiled) };
  }

  @Post(':id/:verb')
  @HttpCode(200)
  change(@Param('id') id: string, @Param('verb') verb: string) {
    const known = controlInput(z.enum(['activate', 'deactivate', 'delete']), verb);
    return this.first({ action: `item.${known}`, input: { id } });
  }

  private async first(order: Parameters<typeof bookAndTell>[1]) {
    const [first] = await bookAndTell(this.simulator, order);
    return first;
  }
}
