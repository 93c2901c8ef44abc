import { setTimeout as pause } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { CommitConflict, JETSTREAM, type JetStreamConnection } from '@tallystream/jetstream';
import { CONFIG, type Config } from '@tallystream/platform';
import { aborted } from '../aborted';
import { Alerts } from '../alerts/alerts';
import { Healing } from '../healing/healing';
import { WatchTurn } from './watch-turn';

/** Looks after the system every minute: heals what can be healed, and raises alerts about the rest. */
@Injectable()
export class Watch implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('watch');
  private readonly stopping = new AbortController();
  private working: Promise<void> = Promise.resolve();

  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(CONFIG) private readonly config: Config,
    private readonly turn: WatchTurn,
    private readonly healing: Healing,
    private readonly alerts: Alerts,
  ) {}

  onApplicationBootstrap(): void {
    this.working = this.everyInterval();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.working;
  }

  private async everyInterval(): Promise<void> {
    const { signal } = this.stopping;
    const intervalMs = this.config.WATCH_EVERY_SECONDS * 1_000;
    while (!signal.aborted) {
      await pause(intervalMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted || !this.connection.isConnected()) continue;
      await Promise.race([this.look(intervalMs), aborted(signal)]);
    }
  }

  private look(intervalMs: number): Promise<void> {
    return this.attempt('whose turn it is', async () => {
      const isOurs = await this.turn.take(intervalMs, Date.now());
      if (!isOurs) return this.alerts.show();
      await this.attempt('healing', () => this.healing.heal(Date.now()));
      await this.attempt('alerts', () => this.alerts.assess(Date.now()));
    });
  }

  /** One of them failing must not keep the others from their work. */
  private async attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      // Another replica was faster.
      if (error instanceof CommitConflict) return;
      if (!this.stopping.signal.aborted) this.logger.warn(`${what}: ${String(error)}; again later`);
    }
  }
}
