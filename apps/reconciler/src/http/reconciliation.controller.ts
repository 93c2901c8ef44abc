import { Body, Controller, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { itemIdSchema, type Naming, Problem, runIdSchema } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection } from '@tallystream/jetstream';
import { CONFIG, type Config, NAMING, NeedsRole } from '@tallystream/platform';
import type { Request, Response } from 'express';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { snapshotsAfter } from '../observations/snapshots';
import type { RunRequest } from '../runs/run-book';
import { everything, stockSweep } from '../runs/usual-runs';
import { AskForRun } from './ask-for-run';
import { RunQuery } from './bulk-sync.dto';
import { runView } from './run-view';
import { RunDto } from './runs.controller';

const MAX_ITEMS = 5_000;

class ReconciliationBody extends createZodDto(
  z
    .strictObject({
      mode: z.enum(['full', 'items']),
      itemIds: z.array(itemIdSchema).min(1).max(MAX_ITEMS).optional(),
      dryRun: z.boolean().default(false).meta({ description: 'judge, and change nothing' }),
    })
    .refine(({ mode, itemIds }) => (mode === 'items') === (itemIds !== undefined), {
      path: ['itemIds'],
      message: 'are needed in mode items, and only there',
    }),
) {}

class ReplayBody extends createZodDto(
  z.strictObject({
    runId: runIdSchema.meta({ description: 'the run of which the snapshots are judged again' }),
    dryRun: z.boolean().default(false),
  }),
) {}

/** Comparing with Zoho on purpose, and judging again what it once said. */
@ApiTags('drift')
@NeedsRole('operator')
@ApiOkResponse({ type: RunDto })
@ApiAcceptedResponse({ type: RunDto, description: 'with Prefer: respond-async; Location says where to look' })
@Controller('reconciliation')
export class ReconciliationController {
  constructor(
    private readonly ask: AskForRun,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
  ) {}

  @Post('runs')
  @HttpCode(200)
  @ApiOperation({ summary: 'Compares levels with Zoho: corrects, holds, or, as a dry run, tells' })
  compare(
    @Body() { mode, itemIds, dryRun }: ReconciliationBody,
    @Query() query: RunQuery,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const { kind, parameters } = stockSweep(this.config.ZOHO_BATCH_SIZE);
    const wanted =
      mode === 'items' && itemIds
        ? { kind: 'items' as const, parameters: { ...parameters, itemIds, dryRun } }
        : { kind, parameters: { ...parameters, dryRun } };
    return this.answer({ request, response }, query, wanted);
  }

  @Post('replay')
  @HttpCode(200)
  @ApiOperation({ summary: 'Judges again by the snapshots of a run; Zoho is not asked' })
  @ApiNotFoundResponse({ description: 'not_found: no snapshots are kept of it' })
  async replay(
    @Body() { runId, dryRun }: ReplayBody,
    @Query() query: RunQuery,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const { connection, naming } = this;
    const [first] = await snapshotsAfter({ connection, naming }, runId, { after: 0, max: 1 });
    if (!first) throw new Problem('not_found', `No snapshots are kept of a run ${runId}.`);
    const parameters = { ...everything(this.config.ZOHO_BATCH_SIZE), replayOf: runId, dryRun };
    return this.answer({ request, response }, query, { kind: 'replay', parameters });
  }

  private async answer(
    http: Readonly<{ request: Request; response: Response }>,
    { join }: RunQuery,
    wanted: Omit<RunRequest, 'requestedBy'>,
  ): Promise<void> {
    const run = await this.ask.run({ ...http, join }, wanted);
    if (run) http.response.json(runView(run));
  }
}
