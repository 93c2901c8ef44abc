import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import { backlog, JETSTREAM, type JetStreamConnection } from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';

/** With so many webhooks before the translator, nothing is put behind them. */
const MOST_WAITING = 100;
const LOOK_AGAIN_MS = 200;

/** Holds back what is handled again, so that live webhooks never wait behind much of it. */
@Injectable()
export class Pace {
  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
  ) {}

  /** Resolves when the translator has little to do, or `signal` aborts. How many may be put into the inbox then. */
  async room(signal: AbortSignal): Promise<number> {
    while (!signal.aborted) {
      const waiting = await backlog(this.connection, this.naming, 'ZOHO_INBOX', 'translator');
      const room = MOST_WAITING - (waiting?.pending ?? 0);
      if (room > 0) return room;
      await pause(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
    return 0;
  }
}
