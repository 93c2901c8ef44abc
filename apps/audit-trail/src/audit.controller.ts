import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Problem, type StreamSeq } from '@tallystream/contracts';
import type { ProjectionProgress } from '@tallystream/jetstream';
import { NeedsRole } from '@tallystream/platform';
import {
  Database,
  findAuditEvent,
  levelAt,
  listAuditEvents,
  listDocumentVersions,
  positionAt,
  stockAt,
} from '@tallystream/projection-store';
import { ZodResponse } from 'nestjs-zod';
import {
  AuditEventDto,
  AuditEventsDto,
  BalanceAtDto,
  DocumentVersionsDto,
  StockAtDto,
} from './audit-answer.dto';
import {
  AuditQuery,
  BalanceAtQuery,
  DocumentParams,
  EventParams,
  PageQuery,
  StockAtQuery,
  TimelineQuery,
  WaitQuery,
} from './audit-query.dto';
import { refuseFuture } from './moments';
import { AUDIT_PROGRESS } from './tokens';

@ApiTags('audit')
@NeedsRole('auditor')
@Controller('audit')
export class AuditController {
  constructor(
    private readonly database: Database,
    @Inject(AUDIT_PROGRESS) private readonly progress: ProjectionProgress,
  ) {}

  @Get('events')
  @ApiOperation({ summary: 'Every event of the ledger: what moved, by how much, to what, because of what' })
  @ZodResponse({ status: 200, type: AuditEventsDto })
  async events(@Query() { waitForSeq, ...query }: AuditQuery) {
    await this.passed(waitForSeq);
    return listAuditEvents(this.database, query);
  }

  @Get('events/:seq')
  @ApiOperation({
    summary: 'One event whole, its place in the chain, and what moved its level before and after',
  })
  @ZodResponse({ status: 200, type: AuditEventDto })
  async event(@Param() { seq }: EventParams, @Query() { waitForSeq }: WaitQuery) {
    await this.passed(waitForSeq);
    const event = await findAuditEvent(this.database, seq);
    if (!event) throw new Problem('not_found', `The trail has no event ${seq}.`);
    return event;
  }

  @Get('timeline')
  @ApiOperation({ summary: 'What moved one level, revision by revision' })
  @ZodResponse({ status: 200, type: AuditEventsDto })
  async timeline(@Query() { waitForSeq, ...query }: TimelineQuery) {
    await this.passed(waitForSeq);
    return listAuditEvents(this.database, { ...query, movements: true });
  }

  @Get('documents/:type/:id')
  @ApiOperation({ summary: 'Every version of a document that was applied, and every level it moved' })
  @ZodResponse({ status: 200, type: DocumentVersionsDto })
  async document(@Param() { type, id }: DocumentParams, @Query() { waitForSeq, ...query }: PageQuery) {
    await this.passed(waitForSeq);
    const page = await listDocumentVersions(this.database, { type, id, ...query });
    if (page.items.length === 0 && query.cursor === undefined)
      throw new Problem('not_found', `The trail knows no ${type} ${id}.`);
    return page;
  }

  @Get('balance-at')
  @ApiOperation({ summary: 'A level at a moment of the past, and the event that made it so' })
  @ZodResponse({ status: 200, type: BalanceAtDto })
  async balanceAt(@Query() { item: itemId, warehouse: warehouseId, at: moment, waitForSeq }: BalanceAtQuery) {
    await this.passed(waitForSeq);
    await refuseFuture(this.database, 'at', moment);
    const at = await positionAt(this.database, moment);
    const level = at && (await levelAt(this.database, { itemId, warehouseId }, at));
    return {
      itemId,
      warehouseId,
      at: at ?? null,
      ...(level ? { ...level, ...namesOf(level.event) } : unknown),
    };
  }

  @Get('stock-at')
  @ApiOperation({ summary: 'A whole warehouse at a moment of the past' })
  @ZodResponse({ status: 200, type: StockAtDto })
  async stockAt(@Query() { warehouse: warehouseId, at: moment, waitForSeq, ...page }: StockAtQuery) {
    await this.passed(waitForSeq);
    await refuseFuture(this.database, 'at', moment);
    const { at, items, nextCursor } = await stockAt(this.database, warehouseId, moment, page);
    return {
      warehouseId,
      at,
      items: items.map(({ event, ...level }) => {
        const { seq, itemId = '', itemName, occurredAt, recordedAt } = event;
        return { itemId, ...(itemName ? { itemName } : {}), ...level, seq, occurredAt, recordedAt };
      }),
      nextCursor,
    };
  }

  private async passed(seq: StreamSeq | undefined): Promise<void> {
    if (seq !== undefined) await this.progress.passed(seq);
  }
}

/** A level before its first event. */
const unknown = { stock: null, quantities: null, provisional: true, revision: 0, event: null };

const namesOf = ({ itemName, warehouseName }: Readonly<{ itemName?: string; warehouseName?: string }>) => ({
  ...(itemName ? { itemName } : {}),
  ...(warehouseName ? { warehouseName } : {}),
});
