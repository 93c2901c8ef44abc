import { Body, Controller, Get, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CONFIG, type Config, NeedsRole } from '@tallystream/platform';
import { secondsOf } from '@tallystream/runs';
import type { Request, Response } from 'express';
import type { Run } from '../runs/run';
import { stockSweep } from '../runs/usual-runs';
import { SyncStatus } from '../sync-status';
import { AskForRun } from './ask-for-run';
import { RunQuery, StockSyncAnswer, StockSyncBody, StockSyncQuery } from './bulk-sync.dto';
import { runView } from './run-view';
import { RunDto } from './runs.controller';

/** The stock of everything, once more. */
@ApiTags('sync')
@NeedsRole('operator')
@ApiAcceptedResponse({ type: RunDto, description: 'with Prefer: respond-async; Location says where to look' })
@Controller(['sync/stock', 'tds/stock/sync'])
export class StockSyncController {
  constructor(
    private readonly ask: AskForRun,
    private readonly status: SyncStatus,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get()
  @ApiOperation({ summary: 'action=status: how fresh the stock is; action=sync: sweep it' })
  @ApiOkResponse({ type: StockSyncAnswer })
  async act(
    @Query() { action, force, join }: StockSyncQuery,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    if (action === 'status') response.json(await this.status.stock());
    else await this.sync({ request, response, join }, force);
  }

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Sweep the stock of all items' })
  @ApiOkResponse({ type: StockSyncAnswer })
  async post(
    @Body() { force }: StockSyncBody,
    @Query() { join }: RunQuery,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    await this.sync({ request, response, join }, force);
  }

  private async sync(
    http: Readonly<{ request: Request; response: Response; join: boolean }>,
    force: boolean,
  ): Promise<void> {
    const wanted = stockSweep(this.config.ZOHO_BATCH_SIZE);
    const run = (force ? undefined : this.ask.justDone(wanted)) ?? (await this.ask.run(http, wanted));
    if (run) http.response.json(answerOf(run));
  }
}

const answerOf = (run: Run) => ({
  success: run.status === 'completed',
  itemsSynced: run.stats.successful,
  duration: secondsOf(run),
  run: runView(run),
  ...(run.error ? { error: run.error } : {}),
});
