import { Inject, Injectable } from '@nestjs/common';
import { type Instant, millisOf } from '@tallystream/contracts';
import { CONFIG, type Config } from '@tallystream/platform';
import type { ZohoClient } from '@tallystream/zoho';
import { z } from 'zod';
import { RunBook } from './runs/run-book';
import { ZOHO } from './tokens';

export const stockStatusSchema = z.object({
  status: z.enum(['healthy', 'degraded', 'unhealthy']),
  itemCount: z.int().meta({ description: 'Items of which the last whole sweep read the stock' }),
  lastSync: z.string().meta({ description: 'When it ended' }).nullable(),
  cacheAge: z.number().meta({ description: 'How long ago that was, in seconds' }).nullable(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })).readonly(),
});
export type StockStatus = z.infer<typeof stockStatusSchema>;

const HOUR_S = 3_600;
const OLD_S = 1 * HOUR_S;
const TOO_OLD_S = 4 * HOUR_S;

/** How fresh the stock is, by the sweeps that ended. */
@Injectable()
export class SyncStatus {
  constructor(
    private readonly book: RunBook,
    @Inject(ZOHO) private readonly zoho: ZohoClient | undefined,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  stock(): StockStatus {
    const last = this.book.all().find(({ kind, status, parameters }) => {
      const isWhole = (kind === 'full' || kind === 'stock') && !parameters.modifiedSince;
      return status === 'completed' && isWhole;
    });
    const itemCount = last?.stats.successful ?? 0;
    const cacheAge = last?.finishedAt ? ageOf(last.finishedAt) : null;
    const zoho = this.zoho?.status();
    const checks = [
      {
        name: 'items',
        ok: itemCount > this.config.HEALTH_MIN_ITEMS,
        detail: `${itemCount} items, more than ${this.config.HEALTH_MIN_ITEMS} expected`,
      },
      {
        name: 'age',
        ok: cacheAge !== null && cacheAge < TOO_OLD_S,
        detail:
          cacheAge === null ? 'never synced' : `synced ${cacheAge} s ago, at most ${TOO_OLD_S} s allowed`,
      },
      {
        name: 'zoho',
        ok: zoho?.state === 'ok' || zoho?.state === 'untried',
        detail: zoho ? (zoho.detail ?? zoho.state) : 'no credentials are set',
      },
    ];
    const isServed = checks.slice(0, 2).every(({ ok }) => ok);
    const isWell = isServed && checks.every(({ ok }) => ok) && (cacheAge ?? 0) < OLD_S;
    return {
      status: isWell ? 'healthy' : isServed ? 'degraded' : 'unhealthy',
      itemCount,
      lastSync: last?.finishedAt ?? null,
      cacheAge,
      checks,
    };
  }
}

const ageOf = (then: Instant): number => Math.max(0, Math.round((Date.now() - millisOf(then)) / 1_000));
