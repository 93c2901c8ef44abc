import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { ProjectionProgress } from '@tallystream/jetstream';
import { NeedsRole } from '@tallystream/platform';
import { Database, listWarehouses } from '@tallystream/projection-store';
import { ZodResponse } from 'nestjs-zod';
import { WarehousesDto, WarehousesQuery } from './balances.dto';
import { CATALOGUE_PROGRESS } from './tokens';

@ApiTags('balances')
@NeedsRole('reader')
@Controller('warehouses')
export class WarehousesController {
  constructor(
    private readonly database: Database,
    @Inject(CATALOGUE_PROGRESS) private readonly progress: ProjectionProgress,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The warehouses of the catalogue' })
  @ZodResponse({ status: 200, type: WarehousesDto })
  async list(@Query() { waitForSeq, ...query }: WarehousesQuery) {
    if (waitForSeq !== undefined) await this.progress.passed(waitForSeq);
    return listWarehouses(this.database, query);
  }
}
