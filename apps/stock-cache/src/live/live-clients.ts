import { Inject, Injectable } from '@nestjs/common';
import { Problem } from '@tallystream/contracts';
import { type Caller, CONFIG, type Config } from '@tallystream/platform';
import { Counter, Gauge } from 'prom-client';

export type Transport = 'sse' | 'socket';

const connected = new Gauge({
  name: 'tally_live_clients',
  help: 'Clients that are connected for live updates, by transport (sse, socket)',
  labelNames: ['transport'],
});

const dropped = new Counter({
  name: 'tally_live_clients_dropped_total',
  help: 'Clients that were cut off because they took nothing for too long, or a change could not be read',
  labelNames: ['transport', 'reason'],
});

export const countDropped = (transport: Transport, reason: 'slow' | 'unreadable'): void =>
  dropped.inc({ transport, reason });

const COME_BACK_SECONDS = 10;

/** Who is connected for live updates, over whichever transport, and how many more may be. */
@Injectable()
export class LiveClients {
  private readonly byKey = new Map<string, number>();
  private total = 0;

  constructor(
    @Inject(CONFIG)
    private readonly limits: Pick<Config, 'LIVE_MAX_CLIENTS' | 'LIVE_MAX_CLIENTS_PER_KEY'>,
  ) {}

  /** @throws Problem `too_many_clients` of the process, `too_many_requests` of the key */
  refuseTooMany({ id, name }: Caller): void {
    const { LIVE_MAX_CLIENTS, LIVE_MAX_CLIENTS_PER_KEY } = this.limits;
    const again = { retryAfterSeconds: COME_BACK_SECONDS };
    if (this.total >= LIVE_MAX_CLIENTS)
      throw new Problem('too_many_clients', `This process serves ${LIVE_MAX_CLIENTS} clients.`, again);
    if ((this.byKey.get(id) ?? 0) >= LIVE_MAX_CLIENTS_PER_KEY)
      throw new Problem(
        'too_many_requests',
        `"${name}" has ${LIVE_MAX_CLIENTS_PER_KEY} clients connected to this process, and may have no more.`,
        again,
      );
  }

  /** Counts a client in. Returns how to count it out. */
  enter({ id }: Caller, transport: Transport): () => void {
    this.count(id, transport, 1);
    return () => this.count(id, transport, -1);
  }

  private count(key: string, transport: Transport, change: 1 | -1): void {
    this.total += change;
    const ofKey = (this.byKey.get(key) ?? 0) + change;
    if (ofKey === 0) this.byKey.delete(key);
    else this.byKey.set(key, ofKey);
    connected.inc({ transport }, change);
  }
}
