import type { ItemId, Naming } from '@tallystream/contracts';
import { type JetStreamConnection, publish, type StreamMessage } from '@tallystream/jetstream';

export type ObservationRequest = Readonly<{
  /** What asks, for whoever reads the queue, e.g. `webhook:4711`. */
  because: string;
  /** How long to gather other requests first, in milliseconds; 0: at once. */
  delayMs: number;
}>;

const DUE_AT = 'Tally-Due-At';

/**
 * Asks for items to be looked at in Zoho: a queue with at most one waiting request per item.
 * @throws NatsUnavailable
 */
export const requestObservations = async (
  connection: JetStreamConnection,
  naming: Naming,
  items: readonly ItemId[],
  { because, delayMs }: ObservationRequest,
): Promise<void> => {
  const now = Date.now();
  const headers = {
    'Tally-Because': because,
    'Tally-Requested-At': new Date(now).toISOString(),
    [DUE_AT]: new Date(now + delayMs).toISOString(),
  };
  await Promise.all(
    items.map((itemId) =>
      publish(connection, {
        subject: naming.observeSubject(itemId),
        headers,
        data: Buffer.from(JSON.stringify({ itemId })),
      }),
    ),
  );
};

/** When a request wants its item looked at, in milliseconds since 1970; what does not say means now. */
export const requestedFor = (message: StreamMessage): number => {
  const due = Date.parse(message.header(DUE_AT) ?? '');
  return Number.isNaN(due) ? 0 : due;
};
