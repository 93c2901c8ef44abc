import type { Naming, StreamName } from '@tallystream/contracts';
import { NatsError } from 'nats';
import { type JetStreamConnection, orUnavailable } from './connection';

/** Messages before a consumer. */
export type Backlog = Readonly<{
  /** Not yet given out. */
  pending: number;
  /** Given out, and not acknowledged. */
  inHand: number;
  /** Of those in hand, the ones that came back. */
  redelivered: number;
  /** Every message up to this stream sequence has been acknowledged. */
  acknowledged: number;
}>;

/** What waits for a durable consumer, of whichever process; nothing when there is no such consumer yet. */
export const backlog = async (
  connection: JetStreamConnection,
  naming: Naming,
  stream: StreamName,
  consumer: string,
): Promise<Backlog | undefined> => {
  try {
    connection.current();
    const { consumers } = await connection.manager();
    const info = await consumers.info(naming.stream(stream), naming.consumer(consumer));
    return {
      pending: info.num_pending,
      inHand: info.num_ack_pending,
      redelivered: info.num_redelivered,
      acknowledged: info.ack_floor.stream_seq,
    };
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.code === 404) return undefined;
    throw orUnavailable(error);
  }
};
