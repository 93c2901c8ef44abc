import { setTimeout as pause } from 'node:timers/promises';
import type { Naming } from '@tallystream/contracts';
import { type Consumer, type ConsumerConfig, DeliverPolicy, NatsError } from 'nats';
import type { JetStreamConnection } from '../connection';
import { isMissing } from '../errors';
import type { BatchConsumer, MessageConsumer, StartPosition } from './handlers';

const CONSUMER_EXISTS = 10148;

/** Creates a durable consumer, or brings it up to date; it keeps its position. */
export const ensureConsumer = async (
  connection: JetStreamConnection,
  naming: Naming,
  { name, stream, filter }: MessageConsumer,
  config: Partial<ConsumerConfig>,
): Promise<Consumer> => {
  const manager = await connection.manager();
  const durable = { ...config, durable_name: naming.consumer(name), filter_subject: naming.subject(filter) };
  const { consumers } = manager;
  await consumers.add(naming.stream(stream), durable).catch((error: unknown) => {
    // One that is there with other settings is not created again: a new release may want other settings.
    if (!(error instanceof NatsError && error.api_error?.err_code === CONSUMER_EXISTS)) throw error;
    return consumers.update(naming.stream(stream), durable.durable_name, durable);
  });
  return (await connection.ready()).jetstream().consumers.get(naming.stream(stream), durable.durable_name);
};

/** Resolves when a durable consumer is not paused, or there is none, or `signal` aborts. */
export const pauseOver = async (
  connection: JetStreamConnection,
  naming: Naming,
  { name, stream }: BatchConsumer,
  signal: AbortSignal,
): Promise<void> => {
  const { consumers } = await connection.manager();
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
  naming: Naming,
  { name, stream, filter }: BatchConsumer,
  position: StartPosition,
  config: Partial<ConsumerConfig>,
): Promise<Consumer> => {
  const manager = await connection.manager();
  const durable = naming.consumer(name);
  await manager.consumers.delete(naming.stream(stream), durable).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
  await manager.consumers.add(naming.stream(stream), {
    ...config,
    durable_name: durable,
    filter_subject: naming.subject(filter),
    ...('seed' in position
      ? { deliver_policy: DeliverPolicy.LastPerSubject }
      : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: position.after + 1 }),
  });
  return (await connection.ready()).jetstream().consumers.get(naming.stream(stream), durable);
};
