import { AckPolicy, DeliverPolicy, nanos } from 'nats';
import { API_TIMEOUT_MS, type JetStreamConnection, orUnavailable } from './connection';
import { NatsUnavailable } from './errors';
import { passingConsumer } from './passing-consumer';
import { asStreamMessage, type StreamMessage } from './stream-message';

/** How long the server keeps the consumer of a process that is gone. */
const INACTIVE_MS = 30_000;

/**
 * The newest message of every subject that there was when the reading began, in stream order, page by page: the
 * next one comes while one is worked on. All of them, or an error.
 * @param subject with the namespace; may have wildcards
 * @throws NatsUnavailable
 */
export async function* newestMessages(
  connection: JetStreamConnection,
  stream: string,
  subject: string,
  pageSize: number,
): AsyncGenerator<readonly StreamMessage[]> {
  const nats = connection.current();
  const { consumers } = await connection.manager();
  try {
    const info = await passingConsumer(connection, stream, {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.LastPerSubject,
      mem_storage: true,
      inactive_threshold: nanos(INACTIVE_MS),
      filter_subject: subject,
    });
    try {
      const source = nats.jetstream().consumers.getPullConsumerFor(info);
      let read = 0;
      const nextPage = async (): Promise<readonly StreamMessage[]> => {
        const max = Math.min(pageSize, info.num_pending - read);
        const page: StreamMessage[] = [];
        for await (const message of await source.fetch({ max_messages: max, expires: API_TIMEOUT_MS })) {
          read += 1;
          if (message.info.deliverySequence !== read) throw missed(stream, message.seq);
          page.push(asStreamMessage(message));
        }
        if (page.length === 0) throw new NatsUnavailable(`${stream} gave no more of its newest messages`);
        return page;
      };
      let coming = info.num_pending > 0 ? nextPage() : undefined;
      while (coming) {
        const page = await coming;
        coming = read < info.num_pending ? nextPage() : undefined;
        // Thrown when its turn comes; a reader that stops before does not ask for it.
        coming?.catch(() => undefined);
        yield page;
      }
    } finally {
      // Left over, it ends by itself.
      await consumers.delete(stream, info.name).catch(() => undefined);
    }
  } catch (error) {
    throw orUnavailable(error);
  }
}

const missed = (stream: string, seq: number): NatsUnavailable =>
  new NatsUnavailable(`a message of ${stream} was missed before sequence ${seq}`);
