import { Inject, Injectable, Logger } from '@nestjs/common';
import type { AlertNotice, Naming } from '@tallystream/contracts';
import { announce, JETSTREAM, type JetStreamConnection } from '@tallystream/jetstream';
import { CONFIG, type Config, NAMING } from '@tallystream/platform';
import { ExponentialBackoff, handleAll, retry } from 'cockatiel';
import type { Unsent } from './alert-store';

const ANSWER_MS = 5_000;
const tries = retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff({ initialDelay: 200 }) });

/** Brings notices to whoever is to hear of them. What cannot be brought now is kept for the next time. */
@Injectable()
export class Messenger {
  private readonly logger = new Logger('alerts');

  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  addressed(notice: AlertNotice): Unsent {
    return { notice, to: this.config.ALERT_WEBHOOK_URL ? ['events', 'webhook'] : ['events'] };
  }

  /** @returns what is left to be brought */
  async bring(unsent: readonly Unsent[]): Promise<readonly Unsent[]> {
    const left: Unsent[] = [];
    for (const { notice, to } of unsent) {
      const failed: Unsent['to'] = [];
      for (const receiver of to) {
        try {
          await this.send(receiver, notice);
        } catch (error) {
          failed.push(receiver);
          this.logger.warn(`alert ${notice.name} did not reach the ${receiver}: ${reasonOf(error)}`);
        }
      }
      if (failed.length > 0) left.push({ notice, to: failed });
    }
    return left;
  }

  private async send(receiver: Unsent['to'][number], notice: AlertNotice): Promise<void> {
    const { name, severity } = notice;
    if (receiver === 'events')
      return announce(this.connection, this.naming.alertSubject(name, severity), notice);
    const { ALERT_WEBHOOK_URL: url } = this.config;
    if (url) await tries.execute(() => post(url, { text: inWords(notice), ...notice }));
  }
}

const post = async (url: string, body: unknown): Promise<void> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`it answered ${response.status}`);
};

/** As chat programs show it. */
export const inWords = ({ name, severity, status, detail, runbook }: AlertNotice): string =>
  `Tallystream: ${name} ${status} (${severity}): ${detail}. See ${runbook}`;

/** Never the address: it may be a secret, and what `fetch` throws does not name it. */
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
