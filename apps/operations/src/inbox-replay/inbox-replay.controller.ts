import { Body, Controller, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiConflictResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { type Instant, millisOf, type Naming, streamSeq } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection, sequenceSince, streamReach } from '@tallystream/jetstream';
import { callerOf, NAMING, NeedsRole } from '@tallystream/platform';
import { answerRun, runView, runViewSchema } from '@tallystream/runs';
import type { Request, Response } from 'express';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { type OperationRun, webhookFilterSchema } from '../runs/operation-run';
import { OperationRuns } from '../runs/operation-runs';
import { RunQuery } from '../runs/run-query';

class ReplayBody extends createZodDto(
  webhookFilterSchema
    .extend({ dryRun: z.boolean().default(false).meta({ description: 'only count them' }) })
    .refine(({ from, to }) => millisOf(from) < millisOf(to), { path: ['to'], message: 'must be after from' }),
) {}

class ReplayedDto extends createZodDto(
  z.object({
    dryRun: z.boolean(),
    count: z
      .int()
      .meta({ description: 'Webhooks that say what the ledger lacks; absent until they are counted' })
      .optional(),
    run: runViewSchema.meta({
      description: 'Its stats: `lacking`, `known`, `ignored`, `unreadable` webhooks, and those `replayed`',
    }),
  }),
) {}

/** Webhooks are kept for 90 days, and can be handled again. */
@ApiTags('operations')
@NeedsRole('operator')
@Controller('ops/inbox')
export class InboxReplayController {
  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
    private readonly runs: OperationRuns,
  ) {}

  @Post('replay')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Handles stored webhooks again that say what the ledger lacks; counts them first',
  })
  @ApiOkResponse({ type: ReplayedDto })
  @ApiAcceptedResponse({
    type: ReplayedDto,
    description: 'with Prefer: respond-async; Location says where to look',
  })
  @ApiConflictResponse({ description: 'run_in_progress: another replay is on' })
  async replay(
    @Body() { dryRun, ...filter }: ReplayBody,
    @Query() { join }: RunQuery,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const { first, last } = await this.stretchBetween(filter.from, filter.to);
    const wanted = {
      kind: 'inbox-replay',
      parameters: { filter, dryRun, first, last },
      position: streamSeq(first - 1),
      requestedBy: callerOf(request),
    } as const;
    const run = await answerRun(this.runs, { request, response, join }, () => this.runs.ask(wanted), view);
    if (run) response.json(view(run));
  }

  /** Which part of the inbox was received between two moments. */
  private async stretchBetween(from: Instant, to: Instant) {
    const stream = this.naming.stream('ZOHO_INBOX');
    const [reach, since, until] = await Promise.all([
      streamReach(this.connection, stream),
      sequenceSince(this.connection, stream, from),
      sequenceSince(this.connection, stream, to),
    ]);
    return { first: Math.max(reach.first, since), last: Math.min(reach.last, until - 1) };
  }
}

/** A run that was joined may be another replay than the one that was asked for: it says itself what it does. */
const view = (run: OperationRun) => ({
  dryRun: run.kind === 'inbox-replay' && run.parameters.dryRun,
  ...(run.phase === 'replaying' || run.status === 'completed' ? { count: run.expected ?? 0 } : {}),
  run: runView(run),
});
