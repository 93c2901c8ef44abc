import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  disputedSchema,
  instantSchema,
  itemIdSchema,
  quantitiesSchema,
  warehouseIdSchema,
} from '@tallystream/contracts';
import { NeedsRole } from '@tallystream/platform';
import { createZodDto, ZodResponse } from 'nestjs-zod';
import { z } from 'zod';
import { UnifiedStock } from './unified-stock';

class StockParams extends createZodDto(z.object({ itemId: itemIdSchema })) {}

class StockQuery extends createZodDto(
  z.strictObject({
    warehouse: warehouseIdSchema.optional().meta({ description: 'absent: the sales warehouse' }),
  }),
) {}

class StockDto extends createZodDto(
  z.object({
    itemId: itemIdSchema,
    warehouseId: warehouseIdSchema,
    stock: z.number().meta({ description: 'Available for sale; null when it is not known' }).nullable(),
    source: z.enum(['cache', 'balances', 'unavailable']),
    quantities: quantitiesSchema.optional(),
    disputed: disputedSchema.optional(),
    revision: z.int().optional(),
    asOf: instantSchema
      .optional()
      .meta({ description: "Zoho's time of the last observation that wrote the level" }),
    message: z.literal('Check availability').optional(),
  }),
) {}

@ApiTags('stock')
@NeedsRole('reader')
@Controller('stock')
export class StockController {
  constructor(private readonly stock: UnifiedStock) {}

  @Get(':itemId')
  @ApiOperation({ summary: 'How many of an item can be sold' })
  @ZodResponse({ status: 200, type: StockDto })
  one(@Param() { itemId }: StockParams, @Query() { warehouse }: StockQuery) {
    return this.stock.stockOf(itemId, warehouse);
  }
}
