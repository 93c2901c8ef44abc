import type { Naming } from '@tallystream/contracts';
import type { JetStreamConnection } from '@tallystream/jetstream';

/**
 * Every point between inbox and acknowledgement at which a translator can be cut off, in the order in which
 * it passes them. What lies outside the process sees only what it sent, so each point is told by that.
 */
export const crashPoints = [
  'before the message is read',
  'before anything is committed',
  'in the middle of sending the batch',
  'between the batch and its answer',
  'before the first observation request',
  'between two observation requests',
  'before the outcome',
  'between the outcome and the acknowledgement',
] as const;
export type CrashPoint = (typeof crashPoints)[number];

type Nats = ReturnType<JetStreamConnection['current']>;

/** The hand on the switch: `die` never returns. */
export type Switch = Readonly<{ die: () => never }>;

/** A connection like the given one, that kills the process when it comes to the point. */
export const withCrashPoint = (
  connection: JetStreamConnection,
  naming: Naming,
  point: CrashPoint | undefined,
  { die }: Switch,
): JetStreamConnection => {
  const stock = naming.subject('stock.');
  const observe = naming.subject('zoho.observe.');
  const outcome = naming.subject('zoho.outcome.');
  let observed = 0;
  let isCutOff = false;

  const publish: Nats['publish'] = (subject, data, options) => {
    if (isCutOff) return;
    const nats = connection.current();
    if (subject.startsWith(stock) && point === 'before anything is committed') die();
    nats.publish(subject, data, options);
    if (subject.startsWith(stock) && point === 'in the middle of sending the batch') {
      // The server has the beginning of the batch, and never gets the rest.
      isCutOff = true;
      void nats.flush().then(die);
    }
  };
  const request: Nats['request'] = async (subject, data, options) => {
    if (isCutOff) return new Promise(() => undefined);
    if (subject.startsWith(stock) && point === 'before anything is committed') die();
    if (subject.startsWith(observe) && point === 'before the first observation request') die();
    if (subject.startsWith(outcome) && point === 'before the outcome') die();
    const answer = await connection.current().request(subject, data, options);
    if (subject.startsWith(stock) && point === 'between the batch and its answer') die();
    if (subject.startsWith(observe)) {
      observed += 1;
      if (observed === 2 && point === 'between two observation requests') die();
    }
    if (subject.startsWith(outcome) && point === 'between the outcome and the acknowledgement') die();
    return answer;
  };
  const nats = () =>
    new Proxy(connection.current(), {
      get: (target, name) => {
        if (name === 'publish') return publish;
        if (name === 'request') return request;
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  return { ...connection, current: nats };
};
