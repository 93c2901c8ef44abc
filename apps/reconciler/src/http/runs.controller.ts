import { Controller, Get, type MessageEvent, Param, Query, Sse } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Problem, runIdSchema } from '@tallystream/contracts';
import { NeedsRole } from '@tallystream/platform';
import {
  type AnyRun,
  isFinished,
  operationKinds,
  runView as plainRunView,
  runStatuses,
  sweepKinds,
} from '@tallystream/runs';
import { createZodDto, ZodResponse } from 'nestjs-zod';
import { interval, map, merge, Observable, takeUntil } from 'rxjs';
import { z } from 'zod';
import type { Run } from '../runs/run';
import { RunBook } from '../runs/run-book';
import { type AnyRunView, anyRunViewSchema, runView, runViewSchema } from './run-view';

class RunParams extends createZodDto(z.object({ id: runIdSchema })) {}

class RunsQuery extends createZodDto(
  z.strictObject({
    kind: z.enum([...sweepKinds, ...operationKinds]).optional(),
    status: z.enum(runStatuses).optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
    cursor: runIdSchema.optional().meta({ description: 'nextCursor of the page before' }),
  }),
) {}

export class RunDto extends createZodDto(runViewSchema) {}

class AnyRunDto extends createZodDto(anyRunViewSchema) {}

class RunsDto extends createZodDto(
  z.object({
    items: z.array(anyRunViewSchema).readonly(),
    nextCursor: z.string().meta({ description: 'Where the next page begins; null on the last' }).nullable(),
  }),
) {}

const HEARTBEAT_MS = 15_000;

@ApiTags('sync')
@NeedsRole('operator')
@Controller('sync/runs')
export class RunsController {
  constructor(private readonly book: RunBook) {}

  @Get()
  @ApiOperation({ summary: 'Runs, newest first' })
  @ZodResponse({ status: 200, type: RunsDto })
  list(@Query() { kind, status, limit, cursor }: RunsQuery) {
    const all = this.book
      .allOfAnyShape()
      .filter((run) => (!kind || run.kind === kind) && (!status || run.status === status));
    const start = cursor === undefined ? 0 : all.findIndex(({ runId }) => runId === cursor) + 1;
    if (cursor !== undefined && start === 0)
      throw new Problem('invalid_request', 'cursor: is not of this list', {
        errors: [{ path: 'cursor', message: 'is not of this list' }],
      });
    const page = all.slice(start, start + limit);
    const hasMore = all.length > start + limit;
    return {
      items: page.map((run) => this.view(run)),
      nextCursor: hasMore ? (page.at(-1)?.runId ?? null) : null,
    };
  }

  @Get(':id')
  @ApiOperation({ summary: 'A run and how far it is' })
  @ZodResponse({ status: 200, type: AnyRunDto })
  one(@Param() { id }: RunParams) {
    return this.view(this.found(id));
  }

  @Sse(':id/events')
  @ApiOperation({ summary: 'The progress of a run as server-sent events; ends with the run' })
  @ApiProduces('text/event-stream')
  events(@Param() { id }: RunParams): Observable<MessageEvent> {
    this.found(id);
    const progress = new Observable<MessageEvent>((listener) => {
      const gone = new AbortController();
      void this.tell(id, listener, gone.signal);
      return () => gone.abort();
    });
    const ended = new Observable<void>((listener) => progress.subscribe({ complete: () => listener.next() }));
    const heartbeats = interval(HEARTBEAT_MS).pipe(map(() => ({ type: 'heartbeat', data: '' })));
    return merge(progress, heartbeats.pipe(takeUntil(ended)));
  }

  private async tell(
    id: Run['runId'],
    listener: { next: (event: MessageEvent) => void; complete: () => void; error: (error: unknown) => void },
    signal: AbortSignal,
  ): Promise<void> {
    try {
      for await (const run of this.book.states(id, signal))
        listener.next({
          type: isFinished(run) ? run.status : 'progress',
          data: this.view(run),
        });
      listener.complete();
    } catch (error) {
      listener.error(error);
    }
  }

  private found(id: Run['runId']): Run | AnyRun {
    const run = this.book.findAny(id);
    if (!run) throw new Problem('not_found', `There is no run ${id}.`);
    return run;
  }

  private view(run: Run | AnyRun): AnyRunView {
    return 'nextPage' in run ? runView(run) : plainRunView(run);
  }
}
