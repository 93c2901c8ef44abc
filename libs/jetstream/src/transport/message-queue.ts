import type { JsMsg } from 'nats';

export type MessageQueue = Readonly<{
  push: (message: JsMsg) => void;
  end: (error?: Error) => void;
  /**
   * Everything that waits, up to `max`; waits for the first. Empty when the queue has ended.
   * @throws the error that it was ended with
   */
  take: (max: number) => Promise<readonly JsMsg[]>;
  /** What was pushed and not taken. */
  waiting: () => readonly JsMsg[];
}>;

/** Filled by the client's callback; the server's `max_ack_pending` bounds it. */
export const messageQueue = (): MessageQueue => {
  let waiting: JsMsg[] = [];
  let ended: Readonly<{ error?: Error }> | undefined;
  let wake: () => void = () => undefined;
  return {
    push: (message) => {
      waiting.push(message);
      wake();
    },
    end: (error) => {
      ended ??= error ? { error } : {};
      wake();
    },
    take: async (max) => {
      while (waiting.length === 0 && !ended) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (ended?.error) throw ended.error;
      if (ended) return [];
      const taken = waiting.slice(0, max);
      waiting = waiting.slice(max);
      return taken;
    },
    waiting: () => waiting,
  };
};
