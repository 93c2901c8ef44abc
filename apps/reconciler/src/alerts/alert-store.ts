import { Inject, Injectable } from '@nestjs/common';
import { alertNames, alertNoticeSchema, type Naming, severities } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection, lastMessage, publish } from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';
import { Gauge } from 'prom-client';
import { z } from 'zod';
import { type AlertStates, alertStatesSchema } from './assess';

/** A notice, and to whom it has still to be brought. */
const unsentSchema = z.object({ notice: alertNoticeSchema, to: z.array(z.enum(['events', 'webhook'])) });
export type Unsent = Readonly<z.infer<typeof unsentSchema>>;

const keptSchema = z.object({ raised: alertStatesSchema, unsent: z.array(unsentSchema) });
/** What is kept between two looks: it outlives the process, so that nothing is told twice, and nothing lost. */
export type Kept = Readonly<{ raised: AlertStates; unsent: readonly Unsent[] }>;
type Stored = Readonly<{ kept: Kept; seq: number }>;

const raisedGauge = new Gauge({
  name: 'tally_alert',
  help: '1 while the alert is raised with this severity, else 0; every reconciler shows all',
  labelNames: ['name', 'severity'],
});

/** Which alerts are raised, as all replicas see it, moved by compare-and-set. */
@Injectable()
export class AlertStore {
  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
  ) {}

  /** @throws NatsUnavailable */
  async load(): Promise<Stored> {
    const { naming, connection } = this;
    const stored = await lastMessage(connection, naming.stream('OPERATIONS'), naming.alertStatesSubject);
    const kept = stored ? keptSchema.parse(JSON.parse(Buffer.from(stored.data).toString())) : nothing;
    show(kept.raised);
    return { kept, seq: stored?.seq ?? 0 };
  }

  /** @throws CommitConflict when another replica was faster, NatsUnavailable */
  async save(kept: Kept, after: Stored): Promise<Stored> {
    const { seq } = await publish(this.connection, {
      subject: this.naming.alertStatesSubject,
      headers: { 'content-type': 'application/json' },
      data: Buffer.from(JSON.stringify(kept)),
      expectedSubjectSeq: after.seq,
    });
    show(kept.raised);
    return { kept, seq };
  }
}

const nothing: Kept = { raised: {}, unsent: [] };

const show = (raised: AlertStates): void => {
  for (const name of alertNames)
    for (const severity of severities)
      raisedGauge.set({ name, severity }, raised[name]?.severity === severity ? 1 : 0);
};
