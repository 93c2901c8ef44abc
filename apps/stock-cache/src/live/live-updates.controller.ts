import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { type LevelRef, streamSeq } from '@tallystream/contracts';
import { fieldErrors, Gate, invalidRequest, NeedsRole, rememberedCaller } from '@tallystream/platform';
import type { Request, Response } from 'express';
import { ZodResponse } from 'nestjs-zod';
import { ChangeLog } from './change-log';
import { sendEvents } from './event-stream';
import { LiveClients } from './live-clients';
import { ChangesDto, ChangesQuery, lastEventIdSchema, StreamQuery } from './live-updates.dto';
import { readInOrder } from './logged-change';

@ApiTags('stock')
@NeedsRole('reader')
@Controller('stock')
export class LiveUpdatesController {
  constructor(
    private readonly log: ChangeLog,
    private readonly clients: LiveClients,
    private readonly gate: Gate,
  ) {}

  @Get('changes')
  @ApiOperation({ summary: 'What changed after a position, in stream order, for pollers' })
  @ZodResponse({ status: 200, type: ChangesDto })
  async changes(@Query() { since, limit, ...filter }: ChangesQuery) {
    const position = since === undefined ? await this.log.head() : await this.log.existing(since, 'since');
    const { changes, nextSeq, isEnd } = await this.log.page(position, levelsIn(filter), limit);
    const { read, stoppedBy } = readInOrder(changes);
    const items = read.map(({ change }) => change);
    if (!stoppedBy) return { items, nextSeq: streamSeq(nextSeq), hasMore: !isEnd };
    const last = items.at(-1);
    if (!last) throw stoppedBy;
    return { items, nextSeq: last.seq, hasMore: true };
  }

  @Get('stream')
  @ApiOperation({ summary: 'The same as server-sent events, as they come; docs/live-updates.md' })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'The last id that was received' })
  @ApiProduces('text/event-stream')
  @ApiOkResponse({
    description: 'One event for each change, its id the position; in between comments, and events `position`',
    schema: { type: 'string' },
  })
  async stream(@Query() query: StreamQuery, @Req() request: Request, @Res() response: Response) {
    const caller = rememberedCaller(request);
    if (!caller) throw new Error('the route is not guarded');
    this.clients.refuseTooMany(caller);
    const leave = this.clients.enter(caller, 'sse');
    const { since, ...filter } = query;
    try {
      const start = await this.start(request.get('last-event-id'), since);
      await sendEvents(response, {
        log: this.log,
        start: { position: start, wants: levelsIn(filter) },
        mayStay: () => this.gate.isStillGood(caller),
        signal: this.log.ending,
      });
    } finally {
      leave();
    }
  }

  private async start(lastEventId: string | undefined, since: StreamQuery['since']) {
    const parsed = lastEventIdSchema.safeParse(lastEventId || undefined);
    if (!parsed.success)
      throw invalidRequest(fieldErrors(parsed.error).map((fault) => ({ ...fault, path: 'Last-Event-ID' })));
    if (parsed.data !== undefined) return this.log.existing(parsed.data, 'Last-Event-ID');
    return since === undefined ? this.log.head() : this.log.existing(since, 'since');
  }
}

/** What lies in one of the warehouses and is one of the items, where they are named. */
const levelsIn = ({ items, warehouses }: Pick<StreamQuery, 'items' | 'warehouses'>) => {
  const [someItems, someWarehouses] = [items && new Set(items), warehouses && new Set(warehouses)];
  return ({ itemId, warehouseId }: LevelRef): boolean =>
    (someItems?.has(itemId) ?? true) && (someWarehouses?.has(warehouseId) ?? true);
};
