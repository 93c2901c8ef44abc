import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { instantFrom, type Naming, Problem, streamNames } from '@tallystream/contracts';
import { type JetStreamConnection, openConnection, provisionStreams } from '@tallystream/jetstream';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { z } from 'zod';
import { carriedRunFields } from './run';
import { RunCarrier, type RunCarrierTiming, type RunWork } from './run-carrier';
import { newRunId, Runs } from './runs';

const quiet = { info: () => undefined, warn: () => undefined };
const countSchema = z.object({ ...carriedRunFields, kind: z.literal('count'), parameters: z.object({}) });
type Count = Readonly<z.infer<typeof countSchema>>;

class Counts extends Runs<Count> {
  constructor(connection: JetStreamConnection, naming: Naming) {
    super(connection, naming, countSchema);
  }

  ask(upTo: number): Promise<Count> {
    const now = instantFrom(Date.now());
    const run: Count = {
      runId: newRunId('count', now),
      kind: 'count',
      parameters: {},
      requestedBy: 'test',
      requestedAt: now,
      updatedAt: now,
      status: 'queued',
      phase: 'waiting',
      expected: upTo,
      done: 0,
      stats: {},
      resumed: 0,
    };
    return this.begin(run, 'count');
  }
}

/** Nobody is taken for gone by these but who is. */
const patient: RunCarrierTiming = { beatMs: 200, takeOverMs: 60_000 };
const hasty: RunCarrierTiming = { beatMs: 200, takeOverMs: 1_000 };

describe('carrying out runs on several replicas', () => {
  let naming: Naming;
  let closing: (() => Promise<void>)[];
  let counted: string[];

  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(async () => {
    naming = freshNaming();
    closing = [];
    counted = [];
    const { connection } = await open('first');
    await provisionStreams(connection, naming);
  });
  afterEach(async () => {
    for (const close of closing.reverse()) await close();
    const connection = openConnection({ url: testServers().natsUrl, name: 'run-carrier.int.spec' }, quiet);
    await connection.ready();
    const { streams } = await connection.manager();
    for (const name of streamNames) await streams.delete(naming.stream(name));
    await connection.close();
  });

  const open = async (name: string) => {
    const connection = openConnection({ url: testServers().natsUrl, name }, quiet);
    await connection.ready();
    closing.push(() => connection.close());
    return { connection };
  };
  const openBook = async (name: string) => {
    const { connection } = await open(name);
    const book = new Counts(connection, naming);
    book.onApplicationBootstrap();
    closing.push(() => book.onApplicationShutdown());
    await book.ready();
    return { book, connection };
  };
  const replica = async (name: string, work: RunWork<Count> = countingAs(name), timing = patient) => {
    const { book, connection } = await openBook(name);
    const carrier = new RunCarrier(book, work, timing);
    carrier.start();
    closing.push(() => carrier.stop());
    return { book, carrier, connection };
  };
  /** Counts up, a step at a time. */
  const countingAs = (name: string): RunWork<Count> =>
    async function* (run) {
      for (let done = run.done + 1; done <= (run.expected ?? 0); done += 1) {
        counted.push(`${name} ${done}`);
        yield { ...run, phase: 'counting', done, stats: { counted: done } };
      }
    };
  /** Counts to a number, and then waits for ever. */
  const stuckAt = (last: number, name: string): RunWork<Count> =>
    async function* (run, signal) {
      for await (const state of countingAs(name)({ ...run, expected: last }, signal))
        yield { ...state, expected: run.expected };
      await pause(2 ** 30, undefined, { signal });
    };
  const ended = (book: Counts, { runId }: Count) =>
    eventually(() => {
      const run = book.find(runId);
      if (run?.status !== 'completed' && run?.status !== 'failed') throw new Error(`is ${run?.status}`);
      return run;
    });
  const hasCounted = (what: string) => eventually(() => expect(counted).toContain(what));

  it('each is carried out by one, and seen to its end by all', async () => {
    const [{ book }, other] = await Promise.all([replica('a'), replica('b'), replica('c')]);
    const asked = await book.ask(3);
    const run = await ended(other.book, asked);
    expect(run).toMatchObject({
      status: 'completed',
      phase: 'done',
      done: 3,
      resumed: 0,
      stats: { counted: 3 },
    });
    expect(run.owner).toBeUndefined();
    expect(run.finishedAt).toBeDefined();
    const [who] = counted[0]?.split(' ') ?? [];
    expect(counted).toEqual([1, 2, 3].map((step) => `${who} ${step}`));
  });

  it('one that was asked for while nobody was there is taken up', async () => {
    const { book } = await openBook('asker');
    const run = await book.ask(2);
    await replica('a');
    expect(await ended(book, run)).toMatchObject({ done: 2, resumed: 0 });
  });

  it('one that is let go is taken up by another at once, where it stood', async () => {
    const first = await replica('a', stuckAt(2, 'a'));
    const run = await first.book.ask(4);
    await hasCounted('a 2');
    const second = await replica('b');
    await first.carrier.stop();
    expect(await ended(second.book, run)).toMatchObject({ done: 4, resumed: 1 });
    expect(counted).toEqual(['a 1', 'a 2', 'b 3', 'b 4']);
  });

  it('one whose process is gone is taken up after a while, where it stood', async () => {
    const first = await replica('a', stuckAt(2, 'a'));
    const run = await first.book.ask(3);
    await hasCounted('a 2');
    await first.connection.close();
    const second = await replica('b', undefined, hasty);
    expect(await ended(second.book, run)).toMatchObject({ done: 3, resumed: 1 });
    expect(counted).toEqual(['a 1', 'a 2', 'b 3']);
  });

  it('one that takes long over a step is left to its process, which says that it is there', async () => {
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const slow: RunWork<Count> = async function* (run) {
      counted.push('a begins');
      await finished;
      yield { ...run, done: 1 };
    };
    const first = await replica('a', slow, hasty);
    const run = await first.book.ask(1);
    await hasCounted('a begins');
    const second = await replica('b', undefined, hasty);
    const states: Count[] = [];
    second.book.onChange((state) => states.push(state));
    // Twice as long as it takes to be taken for gone.
    await eventually(() => expect(states.length).toBeGreaterThan((2 * hasty.takeOverMs) / hasty.beatMs));
    finish();
    expect(await ended(second.book, run)).toMatchObject({ done: 1, resumed: 0 });
    expect(counted).toEqual(['a begins']);
  });

  it('one that was taken over is given up by who had it', async () => {
    const first = await replica('a', stuckAt(1, 'a'));
    const run = await first.book.ask(2);
    await hasCounted('a 1');
    const { book } = await openBook('thief');
    const stolen = await eventually(() => {
      const found = book.find(run.runId);
      if (found?.done !== 1) throw new Error('not seen yet');
      return found;
    });
    await eventually(() => book.save({ ...(book.find(run.runId) ?? stolen), owner: 'thief' }));
    await eventually(async () => {
      await book.save({ ...(book.find(run.runId) ?? stolen), status: 'completed', owner: 'thief' });
    });
    expect(await ended(first.book, run)).toMatchObject({ owner: 'thief' });
    expect(counted).toEqual(['a 1']);
  });

  it.each([
    ['an error of ours', new Error('a bug'), { code: 'internal', detail: 'a bug' }],
    ['a problem', new Problem('not_found', 'is not there'), { code: 'not_found', detail: 'is not there' }],
  ])('%s ends it, and is told', async (_what, thrown, error) => {
    // biome-ignore lint/correctness/useYield: it throws before.
    const { book } = await replica('a', async function* () {
      throw thrown;
    });
    expect(await ended(book, await book.ask(1))).toMatchObject({ status: 'failed', error });
  });

  it('a server that is away ends nothing: it goes on when it is back', async () => {
    let isAway = true;
    const { book } = await replica('a', async function* (run, signal) {
      if (isAway) {
        isAway = false;
        throw new Problem('store_unavailable', 'NATS is away');
      }
      for await (const state of countingAs('a')(run, signal)) yield state;
    });
    expect(await ended(book, await book.ask(2))).toMatchObject({ status: 'completed', done: 2 });
  });
});
