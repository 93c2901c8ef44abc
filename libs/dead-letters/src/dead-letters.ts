import { Inject, Injectable } from '@nestjs/common';
import { type Instant, type Naming, Problem, type StreamSeq, streamSeq } from '@tallystream/contracts';
import {
  countAfter,
  countBySubject,
  deadLetterHeaders,
  JETSTREAM,
  type JetStreamConnection,
  messageAt,
  readStream,
  type StreamMessage,
  sequenceSince,
  streamReach,
} from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';
import {
  type BuriedMessage,
  type DeadLetterState,
  type DeadLetterStatus,
  deadLetterFrom,
  isElsewhere,
  namesIn,
  statusOf,
} from './dead-letter';
import { DeadLetterStates } from './dead-letter-states';

export type DeadLetterFilter = Readonly<{
  consumer?: string;
  reason?: string;
  /** By when they died, from inclusive, to exclusive. */
  from?: Instant;
  to?: Instant;
}>;

/** A part of the stream of dead letters, both ends inclusive. */
export type Stretch = Readonly<{ first: number; last: number }>;

/** How many letters of one kind are open. */
export type OpenCount = Readonly<{ consumer: string; reason: string; count: number }>;

/** So many letters are looked at for one page at most; what is left is for the next one. */
const LOOKED_AT = 20_000;

/** What could not be handled, and what was done about it. */
@Injectable()
export class DeadLetters {
  private readonly stream: string;

  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
    private readonly states: DeadLetterStates,
  ) {
    this.stream = naming.stream('DEAD_LETTERS');
  }

  /** The last one that died first. A page may be short, or empty, and yet not be the last. */
  async list(
    filter: DeadLetterFilter & Readonly<{ status?: DeadLetterStatus; limit: number; cursor?: StreamSeq }>,
  ): Promise<Readonly<{ items: readonly BuriedMessage[]; nextCursor: string | null }>> {
    await this.states.ready();
    const { first, last } = await this.stretchOf(filter);
    const found: BuriedMessage[] = [];
    let end = filter.cursor === undefined ? last : Math.min(last, filter.cursor - 1);
    let lookedAt = 0;
    // A stream is read forwards: back by steps that grow, as the filter may fit few of them.
    for (let step = filter.limit + 1; end >= first && lookedAt < LOOKED_AT; step *= 2) {
      const begin = Math.max(first, end - step + 1);
      const heads = await this.heads(filter, { first: begin, last: end });
      for (const letter of heads.reverse()) {
        if (filter.status !== undefined && letter.status !== filter.status) continue;
        found.push(letter);
        if (found.length > filter.limit) {
          const items = found.slice(0, filter.limit);
          return { items, nextCursor: String(items.at(-1)?.id) };
        }
      }
      lookedAt += heads.length;
      end = begin - 1;
    }
    return { items: found, nextCursor: end >= first ? String(end + 1) : null };
  }

  /** @throws Problem `not_found` */
  async find(id: StreamSeq): Promise<Readonly<{ letter: BuriedMessage; message: StreamMessage }>> {
    const message = await messageAt(this.connection, this.stream, id);
    if (!message) throw new Problem('not_found', `There is no dead letter ${id}.`);
    const stored = await this.states.newest(id);
    return { letter: deadLetterFrom(message, stored?.state, Date.now()), message };
  }

  /** The message that the letter is about; nothing when its stream does not keep it any more. */
  original(letter: StreamMessage): Promise<StreamMessage | undefined> {
    const [stream, sequence] = [deadLetterHeaders.stream, deadLetterHeaders.sequence].map((name) =>
      letter.header(name),
    );
    if (!isElsewhere(letter) || !stream || !sequence) return Promise.resolve(letter);
    return messageAt(this.connection, stream, streamSeq(Number(sequence)));
  }

  /** How many open ones fit the filter: counted by the server, and by what was done; none is read. */
  async countOpen(filter: DeadLetterFilter, stretch: Stretch): Promise<number> {
    await this.states.ready();
    const reach = await streamReach(this.connection, this.stream);
    if (stretch.first <= reach.first && stretch.last >= reach.last) {
      const counts = await this.openCounts(filter);
      return counts.reduce((sum, { count }) => sum + count, 0);
    }
    const part = { first: Math.max(stretch.first, reach.first), last: stretch.last };
    return (await this.countIn(this.subjectOf(filter), part)) - [...this.settledIn(filter, part)].length;
  }

  /** How many are open, by consumer and reason: of all letters, or of those that fit. None is read. */
  async openCounts(
    filter: Pick<DeadLetterFilter, 'consumer' | 'reason'> = {},
  ): Promise<readonly OpenCount[]> {
    await this.states.ready();
    const reach = await streamReach(this.connection, this.stream);
    const counts = await countBySubject(this.connection, this.stream, this.subjectOf(filter));
    const open = new Map(counts);
    for (const { consumer, reason } of this.settledIn(filter, reach)) {
      const subject = this.naming.deadLetterSubject(consumer, reason);
      open.set(subject, (open.get(subject) ?? 0) - 1);
    }
    return [...open].flatMap(([subject, count]) => (count > 0 ? [{ ...namesIn(subject), count }] : []));
  }

  /** The letters that are open and fit the filter, the first one first. */
  async open(filter: DeadLetterFilter): Promise<readonly BuriedMessage[]> {
    await this.states.ready();
    const heads = await this.heads(filter, await this.stretchOf(filter));
    return heads.filter(({ status }) => status === 'open');
  }

  /** The letters of a stretch that fit the filter, without their bodies, the first one first. */
  async heads(filter: DeadLetterFilter, { first, last }: Stretch): Promise<BuriedMessage[]> {
    const letters: BuriedMessage[] = [];
    const now = Date.now();
    await readStream(
      this.connection,
      {
        stream: this.stream,
        subject: this.subjectOf(filter),
        after: first - 1,
        until: last,
        headersOnly: true,
      },
      (message) => letters.push(deadLetterFrom(message, this.states.of(message.seq), now)),
    );
    return letters;
  }

  /** What lies between two moments, as of now. */
  async stretchOf({ from, to }: DeadLetterFilter): Promise<Stretch> {
    const { first, last } = await streamReach(this.connection, this.stream);
    return {
      first: from === undefined ? first : Math.max(first, await this.sequence(from)),
      last: to === undefined ? last : Math.min(last, (await this.sequence(to)) - 1),
    };
  }

  private sequence(moment: Instant): Promise<StreamSeq> {
    return sequenceSince(this.connection, this.stream, moment);
  }

  /** What is not open any more: as far as the stream still keeps it. */
  private *settledIn(filter: DeadLetterFilter, { first, last }: Stretch): Generator<DeadLetterState> {
    const now = Date.now();
    for (const state of this.states.all()) {
      const isThere = state.deadLetter >= first && state.deadLetter <= last;
      if (isThere && fits(filter, state) && statusOf(state, now) !== 'open') yield state;
    }
  }

  private async countIn(subject: string, { first, last }: Stretch): Promise<number> {
    if (last < first) return 0;
    const [since, after] = await Promise.all(
      [first - 1, last].map((position) => countAfter(this.connection, this.stream, subject, position)),
    );
    return (since ?? 0) - (after ?? 0);
  }

  private subjectOf({ consumer = '*', reason = '*' }: DeadLetterFilter): string {
    return this.naming.deadLetterSubject(consumer, reason);
  }
}

const fits = (
  { consumer, reason }: DeadLetterFilter,
  of: Readonly<{ consumer: string; reason: string }>,
): boolean =>
  (consumer === undefined || consumer === of.consumer) && (reason === undefined || reason === of.reason);
