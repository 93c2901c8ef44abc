import { type Instant, instantFrom, type StreamSeq, streamSeq } from '@tallystream/contracts';
import type { JsMsg, MsgHdrs } from 'nats';

/** A message as it lies in a stream. */
export type StreamMessage = Readonly<{
  seq: StreamSeq;
  subject: string;
  /** The first value of a header, or nothing. */
  header: (name: string) => string | undefined;
  /** All headers as name and first value. */
  headers: () => Readonly<Record<string, string>>;
  data: Uint8Array;
  /** When the server stored it, by the server's clock. */
  storedAt: Instant;
}>;

export const streamMessage = (
  stored: Readonly<{
    seq: number;
    subject: string;
    headers: MsgHdrs | undefined;
    data: Uint8Array;
    millis: number;
  }>,
): StreamMessage => ({
  seq: streamSeq(stored.seq),
  subject: stored.subject,
  header: (name) => stored.headers?.get(name) || undefined,
  headers: () =>
    Object.fromEntries((stored.headers?.keys() ?? []).map((name) => [name, stored.headers?.get(name) ?? ''])),
  data: stored.data,
  storedAt: instantFrom(stored.millis),
});

/** A message that a consumer was given. */
export const asStreamMessage = (message: JsMsg): StreamMessage =>
  streamMessage({
    seq: message.seq,
    subject: message.subject,
    headers: message.headers,
    data: message.data,
    millis: Math.floor(message.info.timestampNanos / 1e6),
  });
