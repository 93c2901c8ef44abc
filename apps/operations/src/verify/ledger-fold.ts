import type { Naming, StockEvent } from '@tallystream/contracts';
import {
  type JetStreamConnection,
  lastSequence,
  readStream,
  type StreamMessage,
} from '@tallystream/jetstream';
import { Verification } from '@tallystream/ledger';
import type { Findings } from './findings';

/** Sees every event of the ledger that can be read, in order. */
export type Onlooker = (event: StockEvent, message: StreamMessage) => void;

/** At the end of the stream there may be a commit whose last events were not stored when its end was asked for. */
const MOST_STEPS_ON = 20;

/**
 * Folds the whole stream `STOCK` once. Reading and folding take turns with all other work of the process: what the
 * server sends arrives in parts of some dozen events.
 */
export class LedgerFold {
  readonly verification: Verification;
  private readonly stream: string;

  constructor(
    private readonly connection: JetStreamConnection,
    private readonly naming: Naming,
    findings: Findings,
  ) {
    this.verification = new Verification(naming, findings.add);
    this.stream = naming.stream('STOCK');
  }

  get position(): number {
    return this.verification.position;
  }

  /** Where the stream ends now. @throws NatsUnavailable */
  end(): Promise<number> {
    return lastSequence(this.connection, this.stream);
  }

  /** As far as a sequence, and on to the end of the commit that it lies in. @throws NatsUnavailable */
  async to(until: number, onlooker: Onlooker, signal: AbortSignal): Promise<void> {
    await this.read(until, onlooker, signal);
    for (let step = 0; this.verification.isOpen && step < MOST_STEPS_ON && !signal.aborted; step += 1) {
      const end = await this.end();
      if (end === this.position) break;
      await this.read(Math.min(end, this.position + 1_000), onlooker, signal);
    }
    if (!signal.aborted) this.verification.finish();
  }

  private read(until: number, onlooker: Onlooker, signal: AbortSignal): Promise<void> {
    const subject = this.naming.subject('stock.>');
    return readStream(
      this.connection,
      { stream: this.stream, subject, after: this.position, until, signal },
      (message) => {
        const event = this.verification.take(message);
        if (event) onlooker(event, message);
      },
    );
  }
}
