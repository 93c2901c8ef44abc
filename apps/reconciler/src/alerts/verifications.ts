import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { instantSchema, millisOf, type Naming, runIdSchema } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection, type StreamMessage, watch } from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';
import { type VerifyScope, verifyScopes } from '@tallystream/runs';
import { z } from 'zod';
import { aborted } from '../aborted';
import type { Readings } from './readings';

const count = z.int().nonnegative().optional();

/** As much of the run of a verification as matters here; other runs are none. */
const verificationSchema = z.object({
  runId: runIdSchema,
  kind: z.literal('verify'),
  status: z.literal('completed'),
  finishedAt: instantSchema,
  /** What is broken in each scope that was checked. */
  stats: z.object({ ledger: count, balances: count, 'stock-cache': count, 'audit-trail': count }),
});

type VerificationRun = Readonly<z.infer<typeof verificationSchema>>;

/**
 * What the newest verification of each scope found: operators ask for them, and any replica carries them out. One that
 * looked at less says nothing of the rest.
 */
@Injectable()
export class Verifications implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('alerts');
  private readonly stopping = new AbortController();
  private readonly caughtUp = new AbortController();
  private watching: Promise<void> = Promise.resolve();
  private readonly newestOf = new Map<VerifyScope, VerificationRun>();

  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
  ) {}

  onApplicationBootstrap(): void {
    this.watching = watch({
      connection: this.connection,
      stream: this.naming.stream('ZOHO_RUNS'),
      subject: this.naming.subject('zoho.run.*'),
      from: 'last-per-subject',
      onMessage: (message) => this.take(message),
      onCaughtUp: () => this.caughtUp.abort(),
      report: (error) => this.logger.debug(`watching verifications: ${String(error)}`),
      signal: this.stopping.signal,
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.watching;
  }

  async newest(): Promise<Readings['brokenInvariants']> {
    await aborted(AbortSignal.any([this.caughtUp.signal, this.stopping.signal]));
    const found = [...this.newestOf].map(([scope, { runId, stats }]) => ({
      runId,
      count: stats[scope] ?? 0,
    }));
    const count = found.reduce((sum, one) => sum + one.count, 0);
    const told = found.find((one) => one.count > 0) ?? found[0];
    return told && { runId: told.runId, count };
  }

  private take({ data }: StreamMessage): void {
    const found = verificationSchema.safeParse(parsed(data)).data;
    if (!found) return;
    for (const scope of verifyScopes) {
      const last = this.newestOf.get(scope);
      const isNewer = !last || millisOf(found.finishedAt) >= millisOf(last.finishedAt);
      if (found.stats[scope] !== undefined && isNewer) this.newestOf.set(scope, found);
    }
  }
}

const parsed = (data: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(data).toString());
  } catch {
    return undefined;
  }
};
