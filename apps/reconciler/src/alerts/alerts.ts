import { Injectable, Logger } from '@nestjs/common';
import { instantFrom, millisOf } from '@tallystream/contracts';
import { AlertStore, type Unsent } from './alert-store';
import { assess, TELL_AGAIN_MS } from './assess';
import { Gather } from './gather';
import { inWords, Messenger } from './messenger';

/** As many as may wait for a receiver that is away; what lasts is told again anyway. */
const MOST_UNSENT = 50;

/** Watches what the table of docs/runbook.md names, and tells when it becomes worse or well. */
@Injectable()
export class Alerts {
  private readonly logger = new Logger('alerts');

  constructor(
    private readonly store: AlertStore,
    private readonly gather: Gather,
    private readonly messenger: Messenger,
  ) {}

  /** Shows in the metrics what another replica found. @throws NatsUnavailable */
  async show(): Promise<void> {
    await this.store.load();
  }

  /**
   * What is to be told is kept before it is told: cut off in between, the next look tells it.
   * @throws NatsUnavailable, CommitConflict
   */
  async assess(now: number): Promise<void> {
    const before = await this.store.load();
    const readings = await this.gather.readings(now);
    const { states, notices } = assess(before.kept.raised, readings, instantFrom(now));
    for (const notice of notices) this.logger.warn(inWords(notice));
    const unsent = [
      ...before.kept.unsent.filter((waiting) => isFresh(waiting, now)),
      ...notices.map((notice) => this.messenger.addressed(notice)),
    ].slice(-MOST_UNSENT);
    const saved = await this.store.save({ raised: states, unsent }, before);
    if (unsent.length === 0) return;
    const left = await this.messenger.bring(unsent);
    await this.store.save({ raised: states, unsent: left }, saved);
  }
}

const isFresh = ({ notice }: Unsent, now: number): boolean => now - millisOf(notice.at) < TELL_AGAIN_MS;
