import { instantFrom, type Naming, type Problem, runIdSchema, streamNames } from '@tallystream/contracts';
import {
  CommitConflict,
  type JetStreamConnection,
  openConnection,
  provisionStreams,
  publish,
} from '@tallystream/jetstream';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import type { Run } from './run';
import { RunBook } from './run-book';
import { everything, stockSweep } from './usual-runs';

const quiet = { info: () => undefined, warn: () => undefined };
const never = new AbortController().signal;

describe('the book of runs, as two replicas keep it', () => {
  let connection: JetStreamConnection;
  let naming: Naming;
  let first: RunBook;
  let second: RunBook;

  beforeAll(async () => {
    connection = openConnection({ url: testServers().natsUrl, name: 'run-book.int.spec' }, quiet);
    await connection.ready();
  });
  beforeEach(async () => {
    naming = freshNaming();
    await provisionStreams(connection, naming);
    [first, second] = await Promise.all([openBook(), openBook()]);
  });
  afterEach(async () => {
    await Promise.all([first.onApplicationShutdown(), second.onApplicationShutdown()]);
    const { streams } = await connection.manager();
    for (const name of streamNames) await streams.delete(naming.stream(name));
  });
  afterAll(() => connection.close());

  const openBook = async (): Promise<RunBook> => {
    const book = new RunBook(connection, naming);
    book.onApplicationBootstrap();
    await book.ready();
    return book;
  };
  const sweep = { ...stockSweep(100), requestedBy: 'test' };
  const seenBy = (book: RunBook, runId: string) =>
    eventually(() => {
      const run = book.find(runId);
      if (!run) throw new Error(`${runId} has not been seen`);
      return run;
    });
  const finish = (book: RunBook, run: Run) => book.save({ ...run, status: 'completed', phase: 'done' });

  it('takes one run of a kind at a time, whoever asks', async () => {
    const asked = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? first : second).ask(sweep)),
    );
    const taken = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const refused = asked.flatMap((one) => (one.status === 'rejected' ? [one.reason as Problem] : []));
    expect(taken).toHaveLength(1);
    expect(refused.map(({ code, extensions }) => [code, extensions.runId])).toEqual(
      refused.map(() => ['run_in_progress', taken[0]?.runId]),
    );
  });

  it('takes other kinds meanwhile, and the same kind when the first has ended', async () => {
    const run = await first.ask(sweep);
    await second.ask({ ...sweep, kind: 'products' });
    await expect(second.ask(sweep)).rejects.toMatchObject({ code: 'run_in_progress' });
    await finish(first, run);
    const next = await second.ask(sweep);
    expect(next.runId).not.toBe(run.runId);
    await expect(first.ask(sweep)).rejects.toMatchObject({ extensions: { runId: next.runId } });
  });

  it('takes single items side by side, each once', async () => {
    const one = (id: string) => ({
      ...sweep,
      kind: 'items' as const,
      parameters: { ...everything(100), itemIds: [id as never] },
    });
    await first.ask(one('pen'));
    await second.ask(one('ink'));
    await expect(second.ask(one('pen'))).rejects.toMatchObject({ code: 'run_in_progress' });
  });

  it('shows the states of a run to the other replica, to the last', async () => {
    const run = await first.ask(sweep);
    await seenBy(second, run.runId);
    const pages: number[] = [];
    const watching = (async () => {
      for await (const state of second.states(run.runId, never))
        if ('nextPage' in state) pages.push(state.nextPage);
    })();
    await first.save({ ...run, status: 'running', nextPage: 2 });
    await first.save({ ...run, status: 'running', nextPage: 3 });
    await first.save({ ...run, status: 'completed', nextPage: 3, phase: 'done' });
    await watching;
    expect(pages.at(0)).toBe(1);
    expect(pages.at(-1)).toBe(3);
    expect((await second.finished(run, never)).status).toBe('completed');
  });

  it('fences off a replica that carries on a run which another has taken over', async () => {
    const run = await first.ask(sweep);
    const seen = await seenBy(second, run.runId);
    await second.save({ ...seen, status: 'running', resumed: 1 });
    const stale = new RunBook(connection, naming);
    await expect(stale.save({ ...run, status: 'running' })).rejects.toBeInstanceOf(CommitConflict);
  });

  it('shows the runs of other apps, and leaves them alone', async () => {
    const at = instantFrom(Date.now());
    const foreign = {
      runId: runIdSchema.parse('verify-1'),
      kind: 'verify',
      phase: 'ledger',
      parameters: {},
      stats: {},
      requestedBy: 'test',
      requestedAt: at,
      updatedAt: at,
      status: 'running',
      resumed: 0,
    };
    await publish(connection, {
      subject: naming.runStateSubject(foreign.runId),
      headers: {},
      data: Buffer.from(JSON.stringify(foreign)),
    });
    await eventually(() => expect(first.findAny('verify-1')).toMatchObject(foreign));
    expect(first.allOfAnyShape()).toHaveLength(1);
    expect([first.find('verify-1'), first.all(), first.unfinished()]).toEqual([undefined, [], []]);
  });

  it('finds all of them again after a restart, newest first', async () => {
    const run = await first.ask(sweep);
    await finish(first, run);
    const opening = await first.ask({ ...sweep, runId: runIdSchema.parse('opening') });
    const again = await openBook();
    expect(again.all().map(({ runId }) => runId)).toEqual([opening.runId, run.runId]);
    expect(again.unfinished().map(({ runId }) => runId)).toEqual(['opening']);
    expect(again.lastCompleted(['stock'])?.runId).toBe(run.runId);
    await again.onApplicationShutdown();
  });

  it('a run of our own id may be asked for again once it has ended', async () => {
    const opening = { ...sweep, runId: runIdSchema.parse('opening') };
    const run = await first.ask(opening);
    await first.save({ ...run, status: 'failed', phase: 'done' });
    expect((await second.ask(opening)).status).toBe('queued');
  });

  it('knows from the run before about how many items there are', async () => {
    const run = await first.ask(sweep);
    expect(run.expected).toBeUndefined();
    await finish(first, { ...run, stats: { ...run.stats, processed: 300 } });
    expect((await first.ask(sweep)).expected).toBe(300);
  });
});
