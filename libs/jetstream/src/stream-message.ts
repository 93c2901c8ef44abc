import { type Instant, instantFrom, type StreamSeq, streamSeq } from '@tallystream/contracts';
import type { JsMsg, MsgHdrs } from 'nats';
import { headerIn, headText } from './head-text';

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
export const asStreamMessage = (message: JsMsg): StreamMessage => new DeliveredMessage(message);

/** Reads only what it is asked for: of millions of messages, most headers and times interest nobody. */
class DeliveredMessage implements StreamMessage {
  private head: string | undefined;

  constructor(private readonly message: JsMsg) {}

  get seq(): StreamSeq {
    return this.message.seq as StreamSeq;
  }

  get subject(): string {
    return this.message.subject;
  }

  get data(): Uint8Array {
    return this.message.data;
  }

  get storedAt(): Instant {
    return instantFrom(Math.floor(this.message.info.timestampNanos / 1e6));
  }

  header(name: string): string | undefined {
    this.head ??= headText(this.message.data) ?? '';
    return this.head === '' ? this.message.headers?.get(name) || undefined : headerIn(this.head, name);
  }

  headers(): Readonly<Record<string, string>> {
    const { headers } = this.message;
    return Object.fromEntries((headers?.keys() ?? []).map((name) => [name, headers?.get(name) ?? '']));
  }
}
