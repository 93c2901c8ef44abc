import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { NeedsRole } from '@tallystream/platform';
import { Database, listAuditEvents } from '@tallystream/projection-store';
import { ZodResponse } from 'nestjs-zod';
import { AuditEventsDto, AuditQuery } from './audit.dto';

@ApiTags('audit')
@NeedsRole('auditor')
@Controller('audit')
export class AuditController {
  constructor(private readonly database: Database) {}

  @Get('events')
  @ApiOperation({ summary: 'Every event of the ledger: what moved, by how much, to what, because of what' })
  @ZodResponse({ status: 200, type: AuditEventsDto })
  events(@Query() query: AuditQuery) {
    return listAuditEvents(this.database, query);
  }
}
