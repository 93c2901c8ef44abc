import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { forSale, Problem } from '@tallystream/contracts';
import type { ProjectionProgress } from '@tallystream/jetstream';
import { NeedsRole } from '@tallystream/platform';
import {
  Database,
  isCatalogued,
  listBalances,
  type NamedBalance,
  type Page,
} from '@tallystream/projection-store';
import { ZodResponse } from 'nestjs-zod';
import { BalancesDto, BalancesQuery, ItemParams, PageQuery } from './balances.dto';
import { BALANCES_PROGRESS } from './tokens';

@ApiTags('balances')
@NeedsRole('reader')
@Controller()
export class BalancesController {
  constructor(
    private readonly database: Database,
    @Inject(BALANCES_PROGRESS) private readonly progress: ProjectionProgress,
  ) {}

  @Get('balances')
  @ApiOperation({ summary: 'Stock levels, by warehouse and item' })
  @ZodResponse({ status: 200, type: BalancesDto })
  async list(@Query() { waitForSeq, ...query }: BalancesQuery) {
    if (waitForSeq !== undefined) await this.progress.passed(waitForSeq);
    return shown(await listBalances(this.database, query));
  }

  @Get('items/:itemId/balances')
  @ApiOperation({ summary: 'The stock levels of one item, by warehouse' })
  @ZodResponse({ status: 200, type: BalancesDto })
  async ofItem(@Param() { itemId }: ItemParams, @Query() { waitForSeq, ...query }: PageQuery) {
    if (waitForSeq !== undefined) await this.progress.passed(waitForSeq);
    const page = await listBalances(this.database, { ...query, item: itemId });
    const isKnown = page.items.length > 0 || query.cursor !== undefined;
    if (!isKnown && !(await isCatalogued(this.database, itemId))) {
      throw new Problem('not_found', `Neither the catalogue nor the ledger knows an item ${itemId}.`);
    }
    return shown(page);
  }
}

const shown = ({ items, nextCursor }: Page<NamedBalance>) => ({
  items: items.map((balance) => {
    const { baselineAsOf, ...rest } = balance;
    return { ...rest, stock: forSale(balance), ...(baselineAsOf ? { asOf: baselineAsOf } : {}) };
  }),
  nextCursor,
});
