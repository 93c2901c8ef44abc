import type { Naming } from '@tallystream/contracts';
import { NatsError, RequestStrategy, type Subscription } from 'nats';
import { z } from 'zod';
import { type JetStreamConnection, orUnavailable } from './connection';

export const consumerStatusSchema = z.object({
  name: z.string(),
  /** `waiting`: NATS is away, the consumer is paused, or another replica owns the projection. */
  state: z.enum(['waiting', 'running', 'failing']),
  /** In milliseconds since 1970. */
  since: z.number(),
  /** Messages since the process started. */
  handled: z.number(),
  /** Messages a second, of late. */
  rate: z.number(),
  /** Stream sequence of the last handled message. */
  position: z.number(),
  lastError: z.string().optional(),
});
/** The state of one consumer in one process, for health and operators. */
export type ConsumerStatus = Readonly<z.infer<typeof consumerStatusSchema>>;

const reportSchema = z.object({ process: z.string(), consumers: z.array(consumerStatusSchema).readonly() });
/** What a process says of its consumers; `process` is its app, host and process id. */
export type ConsumerReport = Readonly<z.infer<typeof reportSchema>>;

/** Answers whoever asks how our consumers are doing. */
export const serveReports = (
  connection: JetStreamConnection,
  naming: Naming,
  report: () => ConsumerReport,
): Subscription =>
  connection.current().subscribe(naming.consumerReportsSubject, {
    callback: (error, message) => {
      if (!error) message.respond(Buffer.from(JSON.stringify(report())));
    },
  });

const MAX_WAIT_MS = 1_000;
/** Processes answer at once: when none has for so long, all have. */
const SILENCE_MS = 150;

/** Asks all processes how their consumers are doing. Who does not answer is not there. @throws NatsUnavailable */
export const askReports = async (
  connection: JetStreamConnection,
  naming: Naming,
): Promise<readonly ConsumerReport[]> => {
  const reports: ConsumerReport[] = [];
  try {
    const replies = await connection.current().requestMany(naming.consumerReportsSubject, '', {
      strategy: RequestStrategy.JitterTimer,
      maxWait: MAX_WAIT_MS,
      jitter: SILENCE_MS,
    });
    for await (const reply of replies) {
      const report = reportSchema.safeParse(reply.json());
      if (report.success) reports.push(report.data);
    }
  } catch (error) {
    if (!(error instanceof NatsError && error.code === NO_RESPONDERS)) throw orUnavailable(error);
  }
  return reports.sort((a, b) => (a.process < b.process ? -1 : 1));
};

const NO_RESPONDERS = '503';
