import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Naming } from '@tallystream/contracts';
import {
  AckPolicy,
  type Consumer,
  type ConsumerConfig,
  DeliverPolicy,
  NatsError,
  nanos,
  ReplayPolicy,
} from 'nats';
import { type JetStreamConnection, QUESTION_TIMEOUT_MS } from '../connection';
import { isMissing } from '../errors';
import type { Difference } from '../stream-changes';
import type { RetryTiming } from './delivery';
import type { BatchConsumer, MessageConsumer, StartPosition } from './handlers';

const CONSUMER_EXISTS = 10148;

/** Of a consumer that hands out single messages: each is acknowledged for itself. */
export const messageConsumerConfig = (
  naming: Naming,
  { name, filter, concurrency }: MessageConsumer,
  { ackWaitMs }: RetryTiming,
): Partial<ConsumerConfig> => ({
  durable_name: naming.consumer(name),
  filter_subject: naming.subject(filter),
  ack_policy: AckPolicy.Explicit,
  ack_wait: nanos(ackWaitMs),
  max_ack_pending: concurrency * 2,
});

/** What was lost on its way to us, without a reconnection, comes again after this. */
const BATCH_ACK_WAIT_MS = 10_000;

/** Of a consumer that hands out batches in order: one acknowledgement covers all of a batch. */
export const batchConsumerConfig = (
  naming: Naming,
  { name, filter, maxBatch, headersOnly }: BatchConsumer,
): Partial<ConsumerConfig> => ({
  durable_name: naming.consumer(name),
  filter_subject: naming.subject(filter),
  ack_policy: AckPolicy.All,
  ack_wait: nanos(BATCH_ACK_WAIT_MS),
  max_ack_pending: maxBatch * 4,
  replay_policy: ReplayPolicy.Instant,
  ...(headersOnly ? { headers_only: true } : {}),
});

/** Creates a durable consumer, or brings it up to date; it keeps its position. */
export const ensureConsumer = async (
  connection: JetStreamConnection,
  stream: string,
  config: Partial<ConsumerConfig>,
): Promise<Consumer> => {
  const { consumers } = await connection.manager();
  const durable = config.durable_name ?? '';
  await consumers.add(stream, config).catch((error: unknown) => {
    // One that is there with other settings is not created again: a new release may want other settings.
    if (!(error instanceof NatsError && error.api_error?.err_code === CONSUMER_EXISTS)) throw error;
    return consumers.update(stream, durable, config);
  });
  return (await connection.ready())
    .jetstream({ timeout: QUESTION_TIMEOUT_MS })
    .consumers.get(stream, durable);
};

/** Resolves when a durable consumer is not paused, or there is none, or `signal` aborts. */
export const pauseOver = async (
  connection: JetStreamConnection,
  naming: Naming,
  { name, stream }: BatchConsumer,
  signal: AbortSignal,
): Promise<void> => {
  const { consumers } = await connection.manager(QUESTION_TIMEOUT_MS);
  while (!signal.aborted) {
    const info = await consumers
      .info(naming.stream(stream), naming.consumer(name))
      .catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
    if (!info?.paused) return;
    await pause(PAUSED_MS, undefined, { signal }).catch(() => undefined);
  }
};

const PAUSED_MS = 1_000;

/** Makes a durable consumer anew so that it begins at `position`: the store knows, not the server. */
export const resetConsumer = async (
  connection: JetStreamConnection,
  stream: string,
  config: Partial<ConsumerConfig>,
  position: StartPosition,
): Promise<Consumer> => {
  const { consumers } = await connection.manager();
  const durable = config.durable_name ?? '';
  await deleteConsumer(connection, stream, durable);
  await consumers.add(stream, {
    ...config,
    ...('seed' in position
      ? { deliver_policy: DeliverPolicy.LastPerSubject }
      : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: position.after + 1 }),
  });
  return (await connection.ready())
    .jetstream({ timeout: QUESTION_TIMEOUT_MS })
    .consumers.get(stream, durable);
};

/** What of a consumer is not as it was made; nothing when all is well, or it is not there. */
export const consumerFaults = async (
  connection: JetStreamConnection,
  stream: string,
  wanted: Partial<ConsumerConfig>,
): Promise<readonly Difference[]> => {
  const { consumers } = await connection.manager();
  const info = await consumers.info(stream, wanted.durable_name ?? '').catch((error: unknown) => {
    if (error instanceof NatsError && error.api_error?.code === 404) return undefined;
    throw error;
  });
  if (!info) return [];
  return Object.entries(wanted).flatMap(([setting, value]) => {
    const is = info.config[setting as keyof ConsumerConfig];
    return isDeepStrictEqual(is, value) ? [] : [{ setting, is, wanted: value }];
  });
};

/** Its position goes with it; a consumer that is not there is none either. */
export const deleteConsumer = async (
  connection: JetStreamConnection,
  stream: string,
  durable: string,
): Promise<void> => {
  const { consumers } = await connection.manager(QUESTION_TIMEOUT_MS);
  await consumers.delete(stream, durable).catch((error: unknown) => {
    if (!(error instanceof NatsError && error.api_error?.code === 404)) throw error;
  });
};
