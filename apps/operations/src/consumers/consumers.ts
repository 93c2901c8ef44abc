import { Inject, Injectable } from '@nestjs/common';
import { type Instant, instantSchema, type Naming, Problem, streamNames } from '@tallystream/contracts';
import {
  askReports,
  type ConsumerReport,
  type ConsumerStatus,
  type Durable,
  durable,
  durables,
  JETSTREAM,
  type JetStreamConnection,
  pauseDurable,
  resumeDurable,
} from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';
import { z } from 'zod';

export const consumerSchema = z.object({
  name: z.string(),
  stream: z.enum(streamNames),
  filter: z.string().meta({ description: 'Subjects that it takes' }),
  kind: z.enum(['batch', 'message']).meta({
    description: '`batch`: it fills a store. `message`: it handles one by one, several at a time.',
  }),
  state: z.enum(['running', 'waiting', 'failing', 'absent']).meta({
    description:
      '`waiting`: paused, or its store or NATS is away. `failing`: see lastError. `absent`: no process has it.',
  }),
  lag: z.int().meta({ description: 'Messages that are not handled yet' }),
  inHand: z.int().meta({ description: 'Of those, how many are given out' }),
  redelivered: z.int().meta({ description: 'Of those in hand, how many came back' }),
  rate: z.number().meta({ description: 'Messages a second, over the last ten seconds' }),
  lastError: z.string().nullable(),
  pausedUntil: instantSchema.nullable(),
  processes: z.array(z.string()).readonly().meta({ description: 'Who runs it: <app>@<host>:<process id>' }),
});
export type Consumer = Readonly<z.infer<typeof consumerSchema>>;

/** All consumers: what the server knows of them, and what the processes say that run them. */
@Injectable()
export class Consumers {
  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
  ) {}

  async all(): Promise<readonly Consumer[]> {
    const [known, reports] = await Promise.all([
      durables(this.connection, this.naming),
      askReports(this.connection, this.naming),
    ]);
    return known.map((one) => consumerFrom(one, reports));
  }

  /** @throws Problem `not_found` */
  async pause(name: string, until: Instant): Promise<Consumer> {
    return this.shown(name, await pauseDurable(this.connection, this.naming, name, until));
  }

  /** @throws Problem `not_found` */
  async resume(name: string): Promise<Consumer> {
    return this.shown(name, await resumeDurable(this.connection, this.naming, name));
  }

  private async shown(name: string, found: Durable | undefined): Promise<Consumer> {
    if (!found) throw new Problem('not_found', `There is no consumer ${name}.`);
    const reports = await askReports(this.connection, this.naming);
    return consumerFrom((await durable(this.connection, this.naming, name)) ?? found, reports);
  }
}

/** Who says what of a consumer. */
type Said = ConsumerStatus & Readonly<{ process: string }>;

export const saidOf = (name: string, reports: readonly ConsumerReport[]): readonly Said[] =>
  reports.flatMap(({ process, consumers }) =>
    consumers.filter((status) => status.name === name).map((status) => ({ ...status, process })),
  );

const consumerFrom = (known: Durable, reports: readonly ConsumerReport[]): Consumer => {
  const { acknowledged: _floor, pausedUntil, ...rest } = known;
  const said = saidOf(known.name, reports);
  const states = ['running', 'failing', 'waiting'] as const;
  const state = states.find((one) => said.some((status) => status.state === one)) ?? 'absent';
  return {
    ...rest,
    // What failed last says nothing of one that is given nothing.
    state: pausedUntil && state !== 'absent' ? 'waiting' : state,
    rate: Math.round(said.reduce((sum, { rate }) => sum + rate, 0) * 10) / 10,
    lastError: said.find(({ lastError }) => lastError !== undefined)?.lastError ?? null,
    pausedUntil: pausedUntil ?? null,
    processes: said.map(({ process }) => process),
  };
};
