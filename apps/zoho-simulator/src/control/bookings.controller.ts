import { Body, Controller, HttpCode, Inject, Param, Post, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { quantity, signedQuantity, warehouseId } from '../bookings/booking';
import { isAction, type Order } from '../bookings/registry';
import { MAIN_WAREHOUSE_ID } from '../organisation/warehouses';
import { SIMULATOR, type Simulator } from '../simulator';
import { bookAndTell } from './book-and-tell';
import { controlInput } from './control-input';
import { LoopbackGuard } from './loopback.guard';

const where = {
  itemId: z.string().min(1),
  warehouseId: warehouseId.default(MAIN_WAREHOUSE_ID),
  /** The branch in the document's header. */
  branchId: warehouseId.default(MAIN_WAREHOUSE_ID),
};
const line = z.number().int().min(0).default(0);
const newInvoice = z.strictObject({ ...where, quantity, status: z.enum(['draft', 'sent']).default('sent') });
const newAdjustment = z.strictObject({
  ...where,
  quantity: signedQuantity,
  mode: z.enum(['quantity', 'value']).default('quantity'),
});
const invoiceEdit = z.strictObject({ quantity, line });
const adjustmentEdit = z.strictObject({ quantity: signedQuantity, line });
const anyOrder = z.strictObject({
  action: z.string().refine(isAction, 'no such booking'),
  input: z.unknown(),
});

/** One booking at a time. Each answer holds the document and what the receiver said to its webhook. */
@Controller('control')
@UseGuards(LoopbackGuard)
export class BookingsController {
  constructor(@Inject(SIMULATOR) private readonly simulator: Simulator) {}

  @Post('invoices')
  @HttpCode(200)
  createInvoice(@Body() body: unknown) {
    const { status, ...wanted } = controlInput(newInvoice, body);
    return this.first({ action: 'invoice.create', input: { ...oneLine(wanted), status } });
  }

  @Post('invoices/:id')
  @HttpCode(200)
  editInvoice(@Param('id') id: string, @Body() body: unknown) {
    return this.first({ action: 'invoice.edit', input: { id, ...controlInput(invoiceEdit, body) } });
  }

  @Post('invoices/:id/:verb')
  @HttpCode(200)
  changeInvoice(@Param('id') id: string, @Param('verb') verb: string) {
    const known = controlInput(z.enum(['send', 'void', 'delete']), verb);
    return this.first({ action: `invoice.${known}`, input: { id } });
  }

  @Post('adjustments')
  @HttpCode(200)
  createAdjustment(@Body() body: unknown) {
    const { mode, ...wanted } = controlInput(newAdjustment, body);
    return this.first({ action: 'inventory_adjustment.create', input: { ...oneLine(wanted), mode } });
  }

  @Post('adjustments/:id')
  @HttpCode(200)
  editAdjustment(@Param('id') id: string, @Body() body: unknown) {
    const edit = controlInput(adjustmentEdit, body);
    return this.first({ action: 'inventory_adjustment.edit', input: { id, ...edit } });
  }

  @Post('adjustments/:id/delete')
  @HttpCode(200)
  deleteAdjustment(@Param('id') id: string) {
    return this.first({ action: 'inventory_adjustment.delete', input: { id } });
  }

  /** Any booking of the registry: bills and sales orders too, with several lines. */
  @Post('bookings')
  @HttpCode(200)
  async book(@Body() body: unknown) {
    return { changes: await bookAndTell(this.simulator, controlInput(anyOrder, body)) };
  }

  private async first(order: Order) {
    const [first, ...also] = await bookAndTell(this.simulator, order);
    return { ...first, also };
  }
}

type OneLine = Readonly<{ itemId: string; quantity: number; warehouseId: string; branchId: string }>;

const oneLine = ({ branchId, ...line }: OneLine) => ({
  contact: 0,
  branchId,
  naming: 'line_warehouse' as const,
  lines: [line],
});
