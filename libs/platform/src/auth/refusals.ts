import { Logger } from '@nestjs/common';
import { Counter } from 'prom-client';
import type { Role } from '../config/variables';
import type { Caller } from './caller';

export type RefusalReason =
  | 'no_key'
  | 'key_in_url'
  | 'unknown_key'
  | 'revoked_key'
  | 'expired'
  | 'bad_token'
  | 'weak_role'
  | 'too_many_reads';

/** Never the key: neither whole nor in part. */
export type Refusal = Readonly<{
  reason: RefusalReason;
  route: string;
  needs: Role;
  address?: string | undefined;
  name?: string | undefined;
  role?: Caller['role'] | undefined;
}>;

const refused = new Counter({
  name: 'tally_requests_refused_total',
  help: 'Requests that were not let in, by reason',
  labelNames: ['reason'],
});

const WINDOW_MS = 60_000;
/** Lines a minute for each reason: of one caller or address, and of all of them. */
const MOST_LINES = { each: 10, all: 50 };

/** Counts every refusal and logs it, but a flood of them in so many lines a minute: it must not fill the disk. */
export class Refusals {
  private readonly logger = new Logger('access');
  private readonly linesOf = new Map<string, number>();
  private withheld = 0;
  private windowEnds = 0;
  private summary: NodeJS.Timeout | undefined;

  note(refusal: Refusal): void {
    refused.inc({ reason: refusal.reason });
    if (Date.now() >= this.windowEnds) this.beginWindow();
    const { reason, name, address } = refusal;
    const each = `${reason} ${name ?? address}`;
    const [linesOfEach, linesOfAll] = [this.linesOf.get(each) ?? 0, this.linesOf.get(reason) ?? 0];
    if (linesOfEach >= MOST_LINES.each || linesOfAll >= MOST_LINES.all) {
      this.withheld += 1;
      this.summary ??= setTimeout(() => this.beginWindow(), this.windowEnds - Date.now()).unref();
      return;
    }
    this.linesOf.set(each, linesOfEach + 1).set(reason, linesOfAll + 1);
    this.logger.warn({ msg: 'refused', ...refusal });
  }

  private beginWindow(): void {
    clearTimeout(this.summary);
    this.summary = undefined;
    if (this.withheld > 0)
      this.logger.warn({ msg: 'refused, and not logged one by one', count: this.withheld });
    this.withheld = 0;
    this.linesOf.clear();
    this.windowEnds = Date.now() + WINDOW_MS;
  }
}
