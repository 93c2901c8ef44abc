import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { itemIdSchema, Problem } from '@tallystream/contracts';
import { CONFIG, type Config, NeedsRole } from '@tallystream/platform';
import { type QuotaStatus, type ZohoClient, ZohoError } from '@tallystream/zoho';
import { createZodDto, ZodResponse } from 'nestjs-zod';
import { z } from 'zod';
import { Comparison, levelComparisonSchema } from '../comparison';
import { SyncStatistics, syncStatisticsSchema } from '../sync-statistics';
import { ZOHO } from '../tokens';

const quotaSchema = z.object({
  limit: z.int(),
  used: z.int(),
  remaining: z.int(),
  resetsAt: z.string(),
});

class ConnectionDto extends createZodDto(
  z.object({
    status: z.string().meta({
      description:
        'ok, no_credentials, invalid_credentials, expired_token, missing_scope, wrong_organization, unreachable, rate_limited, quota_exhausted, …; as in health',
    }),
    detail: z.string().optional(),
    organization: z.string().nullable(),
    organization_id: z.string().nullable(),
    api_version: z.string(),
    quota: z
      .object({ minute: quotaSchema, day: quotaSchema })
      .meta({ description: 'null while the shared budget cannot be read' })
      .nullable(),
  }),
) {}

const MAX_COMPARED = 200;

class CompareQuery extends createZodDto(
  z.strictObject({
    itemIds: z
      .string()
      .transform((text) => text.split(',').flatMap((part) => part.trim() || []))
      .pipe(z.array(itemIdSchema).min(1).max(MAX_COMPARED))
      .meta({ description: `item ids, comma-separated, ${MAX_COMPARED} at most` }),
  }),
) {}

class ComparisonDto extends createZodDto(
  z.object({
    agree: z.boolean().meta({ description: 'All levels agree' }),
    levels: z.array(levelComparisonSchema).readonly(),
    unknownItems: z.array(z.string()).readonly().meta({ description: 'Items that Zoho does not have' }),
  }),
) {}

class StatisticsDto extends createZodDto(syncStatisticsSchema) {}

/** How long an operator waits for the budget before being told that there is none, in milliseconds. */
const PATIENCE_MS = 5_000;

@ApiTags('sync')
@NeedsRole('operator')
@Controller('zoho')
export class ZohoController {
  constructor(
    @Inject(ZOHO) private readonly zoho: ZohoClient | undefined,
    @Inject(CONFIG) private readonly config: Config,
    private readonly comparison: Comparison,
    private readonly statistics: SyncStatistics,
  ) {}

  @Get('test-connection')
  @ApiOperation({ summary: 'Asks Zoho who we are, and says in one word what is wrong if it does not tell' })
  @ZodResponse({ status: 200, type: ConnectionDto })
  async testConnection() {
    const found = await this.connection();
    return {
      ...found,
      organization_id: this.config.ZOHO_ORGANIZATION_ID ?? null,
      api_version: this.config.ZOHO_PRODUCT === 'books' ? 'books/v3' : 'inventory/v1',
      quota: this.zoho ? await quotaOf(this.zoho) : null,
    };
  }

  @Get('compare')
  @ApiOperation({ summary: 'What Zoho, the ledger, Postgres and Redis say, level by level; changes nothing' })
  @ZodResponse({ status: 200, type: ComparisonDto })
  compare(@Query() { itemIds }: CompareQuery) {
    if (!this.zoho) throw new Problem('zoho_unavailable', 'No Zoho credentials are set (ZOHO_CLIENT_ID, …).');
    return this.comparison.of(this.zoho, itemIds, { priority: 'operator', patienceMs: PATIENCE_MS });
  }

  @Get(['bulk-sync/status', 'sync/stats'])
  @ApiOperation({ summary: 'Runs, queues and how well they did today' })
  @ZodResponse({ status: 200, type: StatisticsDto })
  stats() {
    return this.statistics.now();
  }

  /** Who we are, and one item: scopes are given by kind of document, and ours may lack what all else needs. */
  private async connection(): Promise<Pick<ConnectionDto, 'status' | 'detail' | 'organization'>> {
    if (!this.zoho)
      return {
        status: 'no_credentials',
        detail: 'ZOHO_CLIENT_ID and its like are not set',
        organization: null,
      };
    const call = { priority: 'operator', patienceMs: PATIENCE_MS } as const;
    try {
      const { name } = await this.zoho.organization(call);
      await this.zoho.listItems({ page: 1, perPage: 1, activeOnly: true }, call);
      return { status: 'ok', organization: name };
    } catch (error) {
      if (!(error instanceof ZohoError)) throw error;
      return { status: stateAfter(error, this.zoho), detail: error.message, organization: null };
    }
  }
}

/** In the words of health, where it has one for it. */
const stateAfter = (error: ZohoError, zoho: ZohoClient): string => {
  const { state } = zoho.status();
  return state === 'ok' ? error.kind : state;
};

const quotaOf = async (zoho: ZohoClient): Promise<Pick<QuotaStatus, 'minute' | 'day'> | null> => {
  try {
    const { minute, day } = await zoho.budget();
    return { minute, day };
  } catch (error) {
    if (error instanceof ZohoError) return null;
    throw error;
  }
};
