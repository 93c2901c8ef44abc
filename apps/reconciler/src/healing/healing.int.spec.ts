import { Logger } from '@nestjs/common';
import { type Naming, Problem } from '@tallystream/contracts';
import { DeadLetterDecisions, DeadLetterStates, DeadLetters } from '@tallystream/dead-letters';
import {
  DeadLetter,
  type JetStreamConnection,
  JetStreamServer,
  lastSequence,
  type MessageConsumer,
  openConnection,
  provisionStreams,
  publish,
} from '@tallystream/jetstream';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { register } from 'prom-client';
import { ForgottenRequests } from './forgotten-requests';
import { Healing } from './healing';
import { ShownDeadLetters } from './shown-dead-letters';

const quiet = { info: () => undefined, warn: () => undefined };
const HOUR = 3_600_000;
const consumer: MessageConsumer = {
  name: 'translator',
  stream: 'ZOHO_INBOX',
  filter: 'zoho.inbox.>',
  concurrency: 2,
};

describe('dead letters', () => {
  let connection: JetStreamConnection;
  let naming: Naming;
  let server: JetStreamServer;
  let first: Replica;
  let second: Replica;
  let trouble: Error | undefined;
  let handled: number;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    connection = openConnection({ url: testServers().natsUrl, name: 'healing.int.spec' }, quiet);
    await connection.ready();
  });
  beforeEach(async () => {
    naming = freshNaming();
    trouble = undefined;
    handled = 0;
    register.resetMetrics();
    await provisionStreams(connection, naming);
    first = replica();
    second = replica();
    // One attempt, and it is dead.
    const timing = { ackWaitMs: 5_000, pausesMs: [] };
    server = new JetStreamServer({ connection, naming, timing, fatal: (error) => fail(error) });
    const handle = async () => {
      if (trouble) throw trouble;
      handled += 1;
    };
    server.addHandler('translator', handle, false, { kind: 'message', consumer });
    server.listen(() => undefined);
  });
  afterEach(async () => {
    await server.close();
    await first.close();
    await second.close();
  });
  afterAll(() => connection.close());

  const replica = () => {
    const states = new DeadLetterStates(connection, naming);
    const letters = new DeadLetters(connection, naming, states);
    const decisions = new DeadLetterDecisions(connection, naming, states);
    const shown = new ShownDeadLetters(letters, states);
    states.onApplicationBootstrap();
    shown.onApplicationBootstrap();
    const close = async () => {
      shown.onApplicationShutdown();
      await states.onApplicationShutdown();
    };
    return { letters, decisions, close };
  };
  type Replica = ReturnType<typeof replica>;
  const send = () =>
    publish(connection, {
      subject: naming.inboxSubject('invoice', 'created'),
      headers: {},
      data: Buffer.from('{}'),
    });
  const buried = (count: number) =>
    eventually(async () => expect(await lastSequence(connection, naming.stream('DEAD_LETTERS'))).toBe(count));
  const open = async (count: number) =>
    eventually(async () => {
      const now = await first.letters.open({});
      expect(now).toHaveLength(count);
      return now;
    });
  const heal = (after: number) =>
    new Healing(first.letters, first.decisions, new ForgottenRequests(connection, naming)).heal(
      Date.now() + after,
    );
  const healedCount = async () =>
    (await register.getSingleMetric('tally_healed_total')?.get())?.values.find(
      ({ labels }) => labels.action === 'redrive',
    )?.value;

  it('with a passing cause are put back when it has passed, and handled', async () => {
    trouble = new Problem('store_unavailable', 'Postgres is away');
    await send();
    const [letter] = await open(1);
    expect(letter).toMatchObject({ consumer: 'translator', reason: 'store_unavailable', retries: 0 });
    expect((await register.getSingleMetric('tally_dead_letters')?.get())?.values).toContainEqual({
      labels: { consumer: 'translator', reason: 'store_unavailable' },
      // Both books show it: in a process there is one.
      value: 2,
    });
    await heal(0);
    expect(handled).toBe(0);
    trouble = undefined;
    await heal(HOUR);
    await eventually(() => expect(handled).toBe(1));
    await open(0);
    expect(await healedCount()).toBe(1);
    await heal(HOUR);
    expect(await lastSequence(connection, naming.stream('ZOHO_INBOX'))).toBe(2);
  });

  it('are put back five times, and then left to somebody who can tell', async () => {
    trouble = new Problem('store_unavailable', 'Postgres is away for days');
    await send();
    for (let times = 0; times < 5; times += 1) {
      await buried(times + 1);
      const [letter] = await open(1);
      expect(letter?.retries).toBe(times);
      await heal(100 * HOUR);
    }
    await buried(6);
    await open(1);
    await heal(100 * HOUR);
    await open(1);
    expect(await healedCount()).toBe(5);
    expect(await lastSequence(connection, naming.stream('ZOHO_INBOX'))).toBe(6);
  });

  it('that nobody can read stay where they are', async () => {
    trouble = new DeadLetter('bad_field', 'no date');
    await send();
    await open(1);
    await heal(100 * HOUR);
    await open(1);
    expect(await lastSequence(connection, naming.stream('ZOHO_INBOX'))).toBe(1);
  });

  it('are put back once, by whichever replica comes first', async () => {
    trouble = new Problem('store_unavailable', 'away');
    await send();
    const [letter] = await open(1);
    if (!letter) throw new Error('no letter');
    trouble = undefined;
    const tries = [first.decisions.retry(letter, 'a'), second.decisions.retry(letter, 'b')];
    const put = await Promise.allSettled(tries);
    expect(put.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await eventually(() => expect(handled).toBe(1));
    expect(await lastSequence(connection, naming.stream('ZOHO_INBOX'))).toBe(2);
  });
});
