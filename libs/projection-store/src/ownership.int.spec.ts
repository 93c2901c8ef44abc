import { type StreamSeq, streamSeq } from '@tallystream/contracts';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { moveCheckpoint } from './checkpoints';
import {
  AddCheckpointVersion,
  CreateCheckpoints,
  Database,
  type Fold,
  PostgresProjection,
  readCheckpoint,
  readPosition,
} from './index';
import { acquireOwnership } from './ownership';

jest.setTimeout(60_000);

const { databaseUrl: url } = testServers();
const { schema } = freshNaming();
const seq = streamSeq;
const open = (owner: string) =>
  new Database({ url, schema, owner, entities: [], migrations: [CreateCheckpoints, AddCheckpointVersion] });

let first: Database;
let second: Database;

beforeAll(async () => {
  first = open(`first_${schema}`);
  second = open(`second_${schema}`);
  await first.query('CREATE TABLE notes (note text)');
  await second.ready();
});
afterAll(async () => {
  await first.query(`DROP SCHEMA "${schema}" CASCADE`);
  await Promise.all([first.onApplicationShutdown(), second.onApplicationShutdown()]);
});
beforeEach(() => first.query('TRUNCATE notes, projection_checkpoints'));

const notes = async () =>
  (await first.query<{ note: string }>('SELECT note FROM notes ORDER BY note')).map(({ note }) => note);
const write = (database: Database, from: number, to: number, note: string) =>
  database.transaction(async (manager) => {
    await manager.query('INSERT INTO notes VALUES ($1)', [note]);
    await moveCheckpoint(manager, 'notes', { sequence: seq(from), version: 1 }, seq(to));
  });

describe('a checkpoint', () => {
  it('is 0 before the first batch, then where the last one ended', async () => {
    expect(await readPosition(first, 'notes')).toEqual({ sequence: 0, version: 1 });
    await write(first, 0, 5, 'one');
    await write(second, 5, 9, 'two');
    expect(await readCheckpoint(first, 'notes')).toBe(9);
    expect(await notes()).toEqual(['one', 'two']);
  });

  it.each([0, 5])(
    'from %d is moved by one of two owners; the rows of the other are rolled back',
    async (from) => {
      if (from > 0) await write(first, 0, from, 'before');
      const outcomes = await Promise.allSettled([
        write(first, from, 11, 'first'),
        write(second, from, 12, 'second'),
      ]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
        reason: { name: 'CheckpointMoved' },
      });
      const winner = outcomes[0].status === 'fulfilled' ? 'first' : 'second';
      expect(await notes()).toEqual([...(from > 0 ? ['before'] : []), winner]);
      expect(await readCheckpoint(first, 'notes')).toBe(winner === 'first' ? 11 : 12);
    },
  );

  it('that is gone, with the rows, is not moved on: what lay before it would be missing', async () => {
    await write(first, 0, 5, 'one');
    await second.query('TRUNCATE notes, projection_checkpoints');
    await expect(write(first, 5, 9, 'two')).rejects.toMatchObject({ name: 'CheckpointMoved' });
    expect(await notes()).toEqual([]);
    expect(await readCheckpoint(first, 'notes')).toBe(0);
  });
});

/** Ends the connection that holds a lock for a database, as its owner's death would. */
const endOwnerOf = async (database: Database, application: string) => {
  const ended = await database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity JOIN pg_locks USING (pid)
     WHERE locktype = 'advisory' AND granted AND application_name = $1`,
    [`tallystream ${application}_${schema}`],
  );
  expect(ended).toHaveLength(1);
};
const isWaiting = (application: string) =>
  eventually(async () => {
    const waiting = await first.query(
      `SELECT 1 FROM pg_stat_activity JOIN pg_locks USING (pid)
       WHERE locktype = 'advisory' AND NOT granted AND application_name = $1`,
      [`tallystream ${application}_${schema}`],
    );
    expect(waiting).toHaveLength(1);
  });
const never = new AbortController().signal;

describe('the ownership of a projection', () => {
  it('passes to the next in line when its owner releases it', async () => {
    const held = await acquireOwnership(first, 'p', never);
    const next = acquireOwnership(second, 'p', never);
    await isWaiting('second');
    expect(held?.isHeld()).toBe(true);
    await held?.release();
    expect((await next)?.isHeld()).toBe(true);
    expect(held?.isHeld()).toBe(false);
    await (await next)?.release();
  });

  it('is not shared between projections: each has its own', async () => {
    const one = await acquireOwnership(first, 'one', never);
    const other = await acquireOwnership(second, 'other', never);
    expect([one?.isHeld(), other?.isHeld()]).toEqual([true, true]);
    await Promise.all([one?.release(), other?.release()]);
  });

  it('is lost with the connection: the next takes over within 10 s, and the owner learns of it', async () => {
    const held = await acquireOwnership(first, 'p', never);
    const next = acquireOwnership(second, 'p', never);
    await isWaiting('second');
    const began = performance.now();
    await endOwnerOf(second, 'first');
    expect((await next)?.isHeld()).toBe(true);
    expect(performance.now() - began).toBeLessThan(10_000);
    await eventually(() => expect(held?.lost.aborted).toBe(true));
    expect(held?.isHeld()).toBe(false);
    await (await next)?.release();
  });

  it('is waited for until the signal aborts, and not taken afterwards', async () => {
    const held = await acquireOwnership(first, 'p', never);
    const ending = new AbortController();
    const waiting = acquireOwnership(second, 'p', ending.signal);
    await isWaiting('second');
    ending.abort();
    expect(await waiting).toBeUndefined();
    await held?.release();
    const again = await acquireOwnership(first, 'p', never);
    expect(again?.isHeld()).toBe(true);
    await again?.release();
  });

  it('is not waited for at all when the signal had aborted before', async () => {
    const held = await acquireOwnership(first, 'p', never);
    expect(await acquireOwnership(second, 'p', AbortSignal.abort())).toBeUndefined();
    await held?.release();
  }, 10_000);
});

describe('a projection', () => {
  type Note = Readonly<{ seq: StreamSeq; text: string }>;
  const fold: Fold<Note> = {
    projection: 'notes',
    begin: () => ({
      write: async (manager, messages) => {
        for (const { text } of messages) await manager.query('INSERT INTO notes VALUES ($1)', [text]);
        if (messages.some(({ text }) => text === 'broken')) throw new Error('broken');
      },
    }),
  };
  const note = (projection: PostgresProjection<Note>, to: number, text: string) =>
    projection.project([{ seq: seq(to), text }]);

  it('writes rows and checkpoint together, or neither', async () => {
    const projection = new PostgresProjection(first, fold);
    expect(await projection.start(never)).toMatchObject({ after: 0 });
    await note(projection, 3, 'three');
    await expect(note(projection, 4, 'broken')).rejects.toThrow('broken');
    expect([await projection.checkpoint(), await notes()]).toEqual([3, ['three']]);
    await note(projection, 5, 'five');
    expect([await projection.checkpoint(), await notes()]).toEqual([5, ['five', 'three']]);
    await projection.onApplicationShutdown();
  });

  it('is applied by one replica; the other goes on from its checkpoint when its connection ends', async () => {
    const one = new PostgresProjection(first, fold);
    const other = new PostgresProjection(second, fold);
    const started = await one.start(never);
    const taking = other.start(never);
    await isWaiting('second');
    await expect(note(other, 1, 'too early')).rejects.toMatchObject({ name: 'CheckpointMoved' });
    await note(one, 7, 'seven');
    await endOwnerOf(second, 'first');
    expect(await taking).toMatchObject({ after: 7 });
    await eventually(() => expect(started?.until.aborted).toBe(true));
    await expect(note(one, 8, 'too late')).rejects.toMatchObject({ name: 'CheckpointMoved' });
    await note(other, 8, 'eight');
    expect(await notes()).toEqual(['eight', 'seven']);

    // The one that lost it comes back when it may, where the other stood.
    const returning = one.start(never);
    await isWaiting('first');
    await other.onApplicationShutdown();
    expect(await returning).toMatchObject({ after: 8 });
    await one.onApplicationShutdown();
  });

  it('does not write on when its checkpoint was moved behind its back', async () => {
    const projection = new PostgresProjection(first, fold);
    await projection.start(never);
    await write(second, 0, 20, 'elsewhere');
    await expect(note(projection, 10, 'here')).rejects.toMatchObject({ name: 'CheckpointMoved' });
    expect(await notes()).toEqual(['elsewhere']);
    expect(await projection.start(never)).toMatchObject({ after: 20 });
    await projection.onApplicationShutdown();
  });
});
