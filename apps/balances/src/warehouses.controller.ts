import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { NeedsRole } from '@tallystream/platform';
import { Database, listWarehouses } from '@tallystream/projection-store';
import { ZodResponse } from 'nestjs-zod';
import { PageQuery, WarehousesDto } from './balances.dto';

@ApiTags('balances')
@NeedsRole('reader')
@Controller('warehouses')
export class WarehousesController {
  constructor(private readonly database: Database) {}

  @Get()
  @ApiOperation({ summary: 'The warehouses of the catalogue' })
  @ZodResponse({ status: 200, type: WarehousesDto })
  list(@Query() query: PageQuery) {
    return listWarehouses(this.database, query);
  }
}
