import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { NeedsRole } from '@tallystream/platform';
import { type Balance, Database, forSale, listBalances } from '@tallystream/projection-store';
import { ZodResponse } from 'nestjs-zod';
import { BalancesDto, BalancesQuery } from './balances.dto';

@ApiTags('balances')
@NeedsRole('reader')
@Controller('balances')
export class BalancesController {
  constructor(private readonly database: Database) {}

  @Get()
  @ApiOperation({ summary: 'Stock levels, by warehouse and item' })
  @ZodResponse({ status: 200, type: BalancesDto })
  async list(@Query() query: BalancesQuery) {
    const { items, nextCursor } = await listBalances(this.database, query);
    return { items: items.map(shown), nextCursor };
  }
}

const shown = (balance: Balance) => {
  const { baselineAsOf, ...rest } = balance;
  return { ...rest, stock: forSale(balance), ...(baselineAsOf ? { asOf: baselineAsOf } : {}) };
};
