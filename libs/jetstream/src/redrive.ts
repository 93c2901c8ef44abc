import { type Naming, type StreamSeq, streamSeq } from '@tallystream/contracts';
import type { JetStreamConnection } from './connection';
import { type Published, publish } from './publish';
import { messageAt } from './read';
import { deadLetterHeaders, IN_STREAM } from './transport/delivery';

/** Of a message that was put back: how often that has happened to it, counting this time. */
export const REDRIVE = 'Tally-Redrive';
/** Of a message that was put back: the sequence that it had in its stream at first. */
export const REDRIVE_OF = 'Tally-Redrive-Of';

/** The dead letters hold no such message, or one that does not say where it came from. */
export class NotADeadLetter extends Error {
  constructor(sequence: StreamSeq) {
    super(`dead letter ${sequence} does not exist or does not say where it came from`);
    this.name = 'NotADeadLetter';
  }
}

/** The message lay in its stream longer than that keeps it. What it said is gone, and so is the way to retry it. */
export class OriginalGone extends Error {
  constructor(sequence: StreamSeq, stream: string, original: string) {
    super(`dead letter ${sequence} is about message ${original} of ${stream}, which is not kept any more`);
    this.name = 'OriginalGone';
  }
}

/**
 * Puts a dead letter back on its subject, as it first came, to be handled again. It stays in the dead letters.
 * Its message id is the original's with `:r1`, `:r2`, … behind it: under its own id the stream would swallow
 * it as a duplicate.
 * @returns the sequence that it has in its stream now
 * @throws NotADeadLetter, OriginalGone, NatsUnavailable
 */
export const redrive = async (
  connection: JetStreamConnection,
  naming: Naming,
  deadLetter: StreamSeq,
): Promise<StreamSeq> => {
  const letter = await messageAt(connection, naming.stream('DEAD_LETTERS'), deadLetter);
  const { subject, stream, sequence } = deadLetterHeaders;
  const [where, from, at] = [subject, stream, sequence].map((name) => letter?.header(name));
  if (!letter || !where || !from || !at) throw new NotADeadLetter(deadLetter);
  const isReferred = letter.header(deadLetterHeaders.content) === IN_STREAM;
  const original = isReferred ? await messageAt(connection, from, streamSeq(Number(at))) : letter;
  if (!original) throw new OriginalGone(deadLetter, from, at);
  const id = letter.header(deadLetterHeaders.messageId)?.replace(/:r\d+$/, '') ?? `${from}:${at}`;
  const kept = Object.entries(original.headers()).filter(
    ([name]) => !name.startsWith('Tally-Dead-') && !name.startsWith('Nats-'),
  );
  for (let count = Number(original.header(REDRIVE) ?? 0) + 1; ; count += 1) {
    const headers = {
      [REDRIVE_OF]: at,
      ...Object.fromEntries(kept),
      [REDRIVE]: String(count),
    };
    const message = { subject: where, headers, data: original.data };
    const published: Published = await publish(connection, message, { messageId: `${id}:r${count}` });
    // This count was taken: the same letter was put back before.
    if (!published.duplicate) return published.seq;
  }
};
