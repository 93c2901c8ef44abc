import { isDeepStrictEqual } from 'node:util';
import { DiscardPolicy, type StreamConfig } from 'nats';

/** `allow_atomic` is newer than the client's types (nats 2.29.3); the server is asked by name. */
export type StreamSettings = Partial<StreamConfig> & Readonly<{ allow_atomic?: boolean }>;

/** A setting on the server that is not as the code wants it. */
export type Difference = Readonly<{ setting: string; is: unknown; wanted: unknown }>;

/** `isSafe`: making it so takes no message away, now or later. */
export type StreamChange = Difference & Readonly<{ isSafe: boolean }>;

/** What of a stream is not as the code wants it; settings that the code does not name are the operator's. */
export const streamChanges = (current: StreamSettings, wanted: StreamSettings): readonly StreamChange[] =>
  Object.entries(wanted).flatMap(([setting, value]) => {
    const is = current[setting as keyof StreamSettings];
    // The server leaves out what is false.
    if (isDeepStrictEqual(is ?? false, value ?? false)) return [];
    return [{ setting, is, wanted: value, isSafe: safe[setting]?.(is, value) ?? false }];
  });

export const inWords = ({ setting, is, wanted }: Difference): string =>
  `${setting} is ${JSON.stringify(is ?? null)}, wanted ${JSON.stringify(wanted)}`;

type Judge = (is: unknown, wanted: unknown) => boolean;

const always: Judge = () => true;
/** 0 and -1 stand for no limit. */
const unlimited = (value: unknown): number =>
  typeof value === 'number' && value > 0 ? value : Number.POSITIVE_INFINITY;
/** A limit that falls makes the server discard what lies beyond it. */
const loosened: Judge = (is, wanted) => unlimited(wanted) >= unlimited(is);
/** A subject that falls away is one that nobody can write any more. */
const widened: Judge = (is, wanted) =>
  Array.isArray(is) && Array.isArray(wanted) && is.every((subject) => wanted.includes(subject));

const safe: Readonly<Record<string, Judge>> = {
  subjects: widened,
  max_age: loosened,
  max_msgs: loosened,
  max_bytes: loosened,
  max_msgs_per_subject: loosened,
  max_msg_size: loosened,
  discard: (_, wanted) => wanted === DiscardPolicy.New,
  duplicate_window: always,
  compression: always,
  allow_direct: always,
  allow_atomic: always,
  num_replicas: (is, wanted) => Number(wanted) > Number(is),
  deny_delete: (_, wanted) => wanted === true,
  deny_purge: (_, wanted) => wanted === true,
};
