import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Naming, RunId } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection } from '@tallystream/jetstream';
import type { Ledger } from '@tallystream/ledger';
import { CONFIG, type Config, NAMING } from '@tallystream/platform';
import type { CallOptions, ZohoClient } from '@tallystream/zoho';
import { LEDGER, ZOHO } from '../tokens';
import { catchUp, SETTLE_MS } from './catch-up';
import { handled } from './handled';
import { catchUpTurns } from './turns';

const HANDLED_WITHIN_MS = 30_000;

/** Fetches documents that we missed, because of levels that differ, and waits until they are in the ledger. */
@Injectable()
export class CatchUp {
  private readonly logger = new Logger('catch-up');
  private readonly turns = catchUpTurns(() => performance.now());

  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
    @Inject(LEDGER) private readonly ledger: Ledger,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(ZOHO) private readonly zoho: ZohoClient | undefined,
  ) {}

  /**
   * For sweeps.
   * @returns what was fetched, as `<type>:<id>`; nothing when documents are left to be fetched, so that what
   *   differs cannot be judged yet
   * @throws ZohoError, NatsUnavailable
   */
  because(runId: RunId, call: CallOptions): Promise<readonly string[] | undefined> {
    return this.turns.next(() => this.search(runId, call));
  }

  /** The same for observations, which are many: nothing, too, when there was a search a moment ago. */
  seldomBecause(runId: RunId, call: CallOptions): Promise<readonly string[] | undefined> {
    return this.turns.seldom(() => this.search(runId, call));
  }

  private async search(runId: RunId, call: CallOptions): Promise<readonly string[] | undefined> {
    if (!this.zoho) return [];
    const { connection, naming, ledger, zoho } = this;
    const organization = this.config.ZOHO_ORGANIZATION_ID;
    const parts = {
      connection,
      naming,
      ledger,
      zoho,
      now: Date.now,
      settleMs: SETTLE_MS,
      ...(organization ? { organization } : {}),
    };
    const { found, notes, complete } = await catchUp(parts, {
      runId,
      maxDetails: this.config.DRIFT_MAX_DOCUMENTS,
      call,
    });
    for (const note of notes) this.logger.debug(note);
    if (found.length > 0) this.logger.log(`${found.length} documents were missed and have been fetched`);
    const sequences = found.map(({ inboxSeq }) => inboxSeq);
    // What is not handled by then counts as in flight.
    await handled({ connection, naming }, sequences, HANDLED_WITHIN_MS, call.signal);
    return complete ? found.map(({ type, id }) => `${type}:${id}`) : undefined;
  }
}
