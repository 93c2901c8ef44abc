import { setTimeout as pause } from 'node:timers/promises';
import {
  type Instant,
  instantFrom,
  millisOf,
  type Naming,
  type StreamName,
  streamNames,
} from '@tallystream/contracts';
import { AckPolicy, type ConsumerInfo } from 'nats';
import { type JetStreamConnection, orUnavailable } from './connection';
import { isMissing } from './errors';

/** A durable consumer of ours, of whichever process, as the server sees it. */
export type Durable = Readonly<{
  /** Without the namespace. */
  name: string;
  stream: StreamName;
  /** Subjects, without the namespace. */
  filter: string;
  /** `batch`: it fills a store that keeps its own checkpoint. `message`: the server knows what was handled. */
  kind: 'batch' | 'message';
  /** Messages that were not handled yet, given out or not. */
  lag: number;
  inHand: number;
  redelivered: number;
  /** Every message up to this stream sequence has been acknowledged. */
  acknowledged: number;
  pausedUntil?: Instant;
}>;

/** Every durable consumer of this namespace, by name. @throws NatsUnavailable */
export const durables = async (
  connection: JetStreamConnection,
  naming: Naming,
): Promise<readonly Durable[]> => {
  const found = await Promise.all(streamNames.map((stream) => durablesOf(connection, naming, stream)));
  return found.flat().sort((a, b) => (a.name < b.name ? -1 : 1));
};

/** The one of that name. @throws NatsUnavailable */
export const durable = async (
  connection: JetStreamConnection,
  naming: Naming,
  name: string,
): Promise<Durable | undefined> =>
  (await durables(connection, naming)).find((candidate) => candidate.name === name);

/**
 * Gives out nothing more until then, to whichever replica, through restarts of theirs and of the server's; what is
 * in hand is finished.
 * @returns the consumer as it is then; nothing when there is none of that name
 * @throws NatsUnavailable
 */
export const pauseDurable = (
  connection: JetStreamConnection,
  naming: Naming,
  name: string,
  until: Instant,
): Promise<Durable | undefined> => changePause(connection, naming, name, () => millisOf(until));

/**
 * Ends a pause. By the server's clock a moment from now: one that ends by itself wakes those that wait for messages,
 * one that is taken back does not (nats-server 2.14.0).
 * @returns the consumer as it is then; nothing when there is none of that name
 * @throws NatsUnavailable
 */
export const resumeDurable = async (
  connection: JetStreamConnection,
  naming: Naming,
  name: string,
): Promise<Durable | undefined> => {
  const moment = ({ paused, ts = '' }: ConsumerInfo) => (paused ? Date.parse(ts) + SOON_MS : undefined);
  let resumed = await changePause(connection, naming, name, moment);
  while (resumed?.pausedUntil) {
    await pause(LOOK_AGAIN_MS);
    resumed = await durable(connection, naming, name);
  }
  return resumed;
};

/** Long enough for the request to get there before. */
const SOON_MS = 1_000;
const LOOK_AGAIN_MS = 100;

const changePause = async (
  connection: JetStreamConnection,
  naming: Naming,
  name: string,
  moment: (info: ConsumerInfo) => number | undefined,
): Promise<Durable | undefined> => {
  const known = await durable(connection, naming, name);
  if (!known) return undefined;
  const [stream, consumer] = [naming.stream(known.stream), naming.consumer(name)];
  const { consumers } = await connection.manager();
  try {
    const until = moment(await consumers.info(stream, consumer));
    if (until !== undefined) await consumers.pause(stream, consumer, new Date(until));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw orUnavailable(error);
  }
  return durable(connection, naming, name);
};

const durablesOf = async (
  connection: JetStreamConnection,
  naming: Naming,
  stream: StreamName,
): Promise<readonly Durable[]> => {
  const found: Durable[] = [];
  try {
    connection.current();
    const { consumers } = await connection.manager();
    for await (const info of consumers.list(naming.stream(stream))) {
      const known = durableFrom(info, naming, stream);
      if (known) found.push(known);
    }
  } catch (error) {
    if (!isMissing(error)) throw orUnavailable(error);
  }
  return found;
};

/** Nothing when it is nobody's for long: a reader's, or one that somebody made by hand. */
const durableFrom = (info: ConsumerInfo, naming: Naming, stream: StreamName): Durable | undefined => {
  const { config, num_pending, num_ack_pending, num_redelivered, ack_floor } = info;
  const prefix = naming.consumer('');
  if (!config.durable_name?.startsWith(prefix)) return undefined;
  const until = info.paused && config.pause_until ? Date.parse(config.pause_until) : undefined;
  return {
    name: config.durable_name.slice(prefix.length),
    stream,
    filter: (config.filter_subject ?? '').slice(naming.subject('').length),
    kind: config.ack_policy === AckPolicy.All ? 'batch' : 'message',
    lag: num_pending + num_ack_pending,
    inHand: num_ack_pending,
    redelivered: num_redelivered,
    acknowledged: ack_floor.stream_seq,
    ...(until === undefined ? {} : { pausedUntil: instantFrom(until) }),
  };
};
