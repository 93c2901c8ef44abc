import { setTimeout as pause } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Problem, type RunId, runIdSchema } from '@tallystream/contracts';
import type { Ledger, RunEvent } from '@tallystream/ledger';
import { CONFIG, type Config } from '@tallystream/platform';
import { type ZohoClient, ZohoError } from '@tallystream/zoho';
import { Leadership } from './leadership';
import { RunBook } from './runs/run-book';
import { everything } from './runs/usual-runs';
import { LEDGER, ZOHO } from './tokens';

/** The first sweep of a ledger has an id of its own: whether it was done is asked of the ledger, for ever. */
export const OPENING: RunId = runIdSchema.parse('opening');
const AGAIN_MS = { first: 500, longest: 30_000 };

/**
 * Sets all levels to what Zoho says, once in the life of a ledger and however long it takes until Zoho answers.
 * Webhooks that arrive meanwhile are taken as at any other time: the rules of trust see to it that they count
 * once.
 */
@Injectable()
export class FirstStart implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('first-start');
  private readonly stopping = new AbortController();
  private working: Promise<void> = Promise.resolve();
  private opened = false;

  constructor(
    private readonly book: RunBook,
    private readonly leadership: Leadership,
    @Inject(ZOHO) private readonly zoho: ZohoClient | undefined,
    @Inject(LEDGER) private readonly ledger: Ledger,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    if (this.zoho) this.working = this.untilOpened();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.working;
  }

  /** Whether every level has been observed once. */
  get isOpened(): boolean {
    return this.opened;
  }

  private async untilOpened(): Promise<void> {
    const { signal } = this.stopping;
    for (let wait = AGAIN_MS.first; !signal.aborted; wait = Math.min(wait * 2, AGAIN_MS.longest)) {
      try {
        const before = await this.ledger.run(OPENING);
        this.opened = isDone(before);
        if (this.opened) return;
        if (this.config.ZOHO_SYNC_ENABLED && (await this.leadership.lead(signal))) {
          // Each attempt is two events for ever: after one that failed, none before Zoho answers.
          if (before?.type === 'SyncFinished') await this.zoho?.warehouses({ priority: 'sweep', signal });
          await this.open();
        } else await pause(AGAIN_MS.longest, undefined, { signal });
      } catch (error) {
        // What is away says so in health.
        const isAway = error instanceof Problem || error instanceof ZohoError;
        if (!isAway && !signal.aborted) this.logger.error(error);
      }
      await pause(wait, undefined, { signal }).catch(() => undefined);
    }
  }

  private async open(): Promise<void> {
    await this.book.ready();
    const run = await this.book.ask({
      runId: OPENING,
      kind: 'full',
      requestedBy: 'first-start',
      parameters: everything(this.config.ZOHO_BATCH_SIZE),
    });
    const ended = await this.book.finished(run, this.stopping.signal);
    if (ended.status === 'completed') await this.waitOutDoubt();
  }

  /** A document modified within the margin of the last answer could not be trusted: let that moment pass. */
  private async waitOutDoubt(): Promise<void> {
    const SECOND = 1_000;
    await pause(this.config.TRUST_MARGIN_MS + SECOND, undefined, { signal: this.stopping.signal });
  }
}

const isDone = (event: RunEvent | undefined): boolean =>
  event?.type === 'SyncFinished' && event.data.outcome !== 'failed';
