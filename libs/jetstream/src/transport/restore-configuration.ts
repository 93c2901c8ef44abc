import type { Naming } from '@tallystream/contracts';
import type { JetStreamConnection } from '../connection';
import { provisionStreams } from '../provision';
import { inWords } from '../stream-changes';
import {
  batchConsumerConfig,
  consumerFaults,
  deleteConsumer,
  ensureConsumer,
  messageConsumerConfig,
} from './consumers';
import type { RetryTiming } from './delivery';
import type { HandlerExtras } from './handlers';

export type ConfigurationParts = Readonly<{
  connection: JetStreamConnection;
  naming: Naming;
  replicas?: number;
  timing: RetryTiming;
  handlers: readonly Exclude<HandlerExtras, { kind: 'start' }>[];
}>;

/**
 * Puts right what somebody altered or deleted by hand, while the process works. A consumer that is not there is
 * no concern here: its loop makes it when it needs it.
 * @returns what was put right, in words
 * @throws as `provisionStreams`: what cannot be put right without losing something
 */
export const restoreConfiguration = async (parts: ConfigurationParts): Promise<readonly string[]> => {
  const { connection, naming, replicas, handlers } = parts;
  const restored = [...(await provisionStreams(connection, naming, replicas))];
  for (const handler of handlers) {
    const { name, stream: streamName } = handler.consumer;
    const stream = naming.stream(streamName);
    const wanted = configOf(handler, parts);
    const faults = await consumerFaults(connection, stream, wanted);
    if (faults.length === 0) continue;
    // With another filter it passed over what it should have handed out, and the server does not go back
    // (2.14.0): its loop, which notices that it is gone, begins again, a projection where its store stands, the
    // others at the beginning, where what was handled already changes nothing.
    const mayHaveSkipped =
      handler.kind === 'batch' || faults.some(({ setting }) => selects.includes(setting));
    if (mayHaveSkipped) await deleteConsumer(connection, stream, naming.consumer(name));
    else await ensureConsumer(connection, stream, wanted);
    restored.push(`consumer ${name}: ${faults.map(inWords).join('; ')}`);
  }
  return restored;
};

/** What decides which messages a consumer hands out. */
const selects = ['filter_subject', 'ack_policy'];

const configOf = (handler: ConfigurationParts['handlers'][number], { naming, timing }: ConfigurationParts) =>
  handler.kind === 'batch'
    ? batchConsumerConfig(naming, handler.consumer)
    : messageConsumerConfig(naming, handler.consumer, timing);
