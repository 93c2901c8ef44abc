import { Body, Controller, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CONFIG, type Config, NeedsRole } from '@tallystream/platform';
import { secondsOf } from '@tallystream/runs';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Run, SweepParameters } from '../runs/run';
import type { RunRequest } from '../runs/run-book';
import { everything } from '../runs/usual-runs';
import { AskForRun } from './ask-for-run';
import {
  BulkSyncAnswer,
  BulkSyncDto,
  type bulkSyncAnswer,
  ItemParams,
  ItemQuery,
  RunQuery,
} from './bulk-sync.dto';
import { runView } from './run-view';
import { RunDto } from './runs.controller';

type Http = Readonly<{ request: Request; response: Response }>;

/** Zoho's items into the catalogue and the ledger, as many of them as are asked for. */
@ApiTags('sync')
@NeedsRole('operator')
@ApiOkResponse({ type: BulkSyncAnswer })
@ApiAcceptedResponse({ type: RunDto, description: 'with Prefer: respond-async; Location says where to look' })
@Controller('zoho')
export class BulkSyncController {
  constructor(
    private readonly ask: AskForRun,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post('bulk-sync/items-with-stock')
  @HttpCode(200)
  @ApiOperation({ summary: 'Items and their stock, by choice' })
  itemsWithStock(
    @Body() body: BulkSyncDto,
    @Query() query: RunQuery,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    return this.answer({ request, response }, query, { kind: 'items-with-stock', parameters: chosen(body) });
  }

  @Post('bulk-sync/products')
  @HttpCode(200)
  @ApiOperation({ summary: 'Names, prices and status of items, by choice; no stock' })
  products(
    @Body() body: BulkSyncDto,
    @Query() query: RunQuery,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const parameters = { ...chosen(body), withLevels: false, withStockOnly: false };
    return this.answer({ request, response }, query, { kind: 'products', parameters });
  }

  @Post('bulk-sync/stock')
  @HttpCode(200)
  @ApiOperation({ summary: 'The stock of items, by choice' })
  stock(
    @Body() body: BulkSyncDto,
    @Query() query: RunQuery,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    return this.answer({ request, response }, query, { kind: 'stock', parameters: chosen(body) });
  }

  @Post('sync/full')
  @HttpCode(200)
  @ApiOperation({ summary: 'The whole catalogue, inactive items too, and all stock' })
  full(@Query() query: RunQuery, @Req() request: Request, @Res() response: Response) {
    return this.answer({ request, response }, query, {
      kind: 'full',
      parameters: everything(this.config.ZOHO_BATCH_SIZE),
    });
  }

  @Post('sync/products')
  @HttpCode(200)
  @ApiOperation({ summary: 'The whole catalogue; no stock' })
  allProducts(@Query() query: RunQuery, @Req() request: Request, @Res() response: Response) {
    const parameters = { ...everything(this.config.ZOHO_BATCH_SIZE), withLevels: false };
    return this.answer({ request, response }, query, { kind: 'products', parameters });
  }

  @Post('sync/products/:id')
  @HttpCode(200)
  @ApiOperation({ summary: 'One item and its stock' })
  async product(
    @Param() { id }: ItemParams,
    @Query() { force, join }: ItemQuery,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const parameters = { ...everything(this.config.ZOHO_BATCH_SIZE), itemIds: [id] };
    const fresh = force ? undefined : this.ask.justDone({ kind: 'items', parameters });
    if (fresh) response.json(answerOf(fresh));
    else await this.answer({ request, response }, { join }, { kind: 'items', parameters });
  }

  private async answer(
    http: Http,
    { join }: Readonly<{ join: boolean }>,
    wanted: Omit<RunRequest, 'requestedBy'>,
  ): Promise<void> {
    const run = await this.ask.run({ ...http, join }, wanted);
    if (run) http.response.json(answerOf(run));
  }
}

const chosen = (body: BulkSyncDto): SweepParameters => ({
  withLevels: true,
  activeOnly: body.active_only,
  withStockOnly: body.with_stock_only,
  ...(body.modified_since ? { modifiedSince: body.modified_since } : {}),
  batchSize: body.batch_size,
  dryRun: false,
  syncImages: body.sync_images,
});

type Answer = z.infer<typeof bulkSyncAnswer>;

const answerOf = (run: Run): Answer => {
  const { processed, successful, failed, skipped, stockUpdated } = run.stats;
  const isNoneThere = run.parameters.itemIds !== undefined && processed > 0 && skipped === processed;
  return {
    success: run.status === 'completed' && !isNoneThere,
    message: messageOf(run),
    stats: { total_processed: processed, successful, failed, skipped, stock_updated: stockUpdated },
    duration_seconds: secondsOf(run),
    error: run.error?.detail ?? (isNoneThere ? 'Zoho has no such item' : null),
    run: runView(run),
  };
};

const messageOf = ({ status, stats, error, parameters }: Run): string => {
  const images = parameters.syncImages ? '; images were skipped, they are not kept yet' : '';
  const items = stats.processed === 1 ? '1 item' : `${stats.processed} items`;
  const { failed, skipped } = stats;
  const troubles = `${failed > 0 ? `, ${failed} failed` : ''}${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  const count = `${items}, ${stats.stockUpdated} with other stock than before${troubles}`;
  if (status === 'completed') return `done: ${count}${images}`;
  return status === 'failed'
    ? `stopped: ${error?.detail ?? 'unknown reason'}; ${count}${images}`
    : `${status}: ${count}`;
};
