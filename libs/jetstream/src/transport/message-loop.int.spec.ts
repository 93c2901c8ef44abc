import { setTimeout as takeTime } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { type Naming, streamSeq } from '@tallystream/contracts';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { type JetStreamConnection, openConnection } from '../connection';
import { NatsUnavailable } from '../errors';
import { provisionStreams } from '../provision';
import { publish } from '../publish';
import { lastSequence, messageAt } from '../read';
import { redrive } from '../redrive';
import type { StreamMessage } from '../stream-message';
import { DeadLetter, type Delivery, defaultRetryTiming, type RetryTiming } from './delivery';
import type { MessageConsumer } from './handlers';
import { JetStreamServer } from './jetstream-server';

jest.setTimeout(20_000);

const quiet = { info: () => undefined, warn: () => undefined };
const quick: RetryTiming = { ackWaitMs: 300, pausesMs: [30, 60, 90] };
const WORDS = Buffer.from([0x7b, 0x00, 0xff, 0x22]);

type Handled = Readonly<{ seq: number; delivery: Delivery; at: number }>;

describe('a message consumer on JetStream', () => {
  let connection: JetStreamConnection;
  let naming: Naming;
  let servers: JetStreamServer[];
  let handled: Handled[];

  beforeAll(async () => {
    Logger.overrideLogger(false);
    connection = openConnection({ url: testServers().natsUrl, name: 'message-loop.int.spec' }, quiet);
    await connection.ready();
  });
  beforeEach(async () => {
    naming = freshNaming();
    servers = [];
    handled = [];
    await provisionStreams(connection, naming);
  });
  afterEach(async () => {
    await Promise.all(servers.map((server) => server.close()));
    const { streams } = await connection.manager();
    for (const name of ['STOCK', 'ZOHO_INBOX', 'ZOHO_OUTCOMES', 'ZOHO_OBSERVE', 'DEAD_LETTERS'] as const)
      await streams.delete(naming.stream(name)).catch(() => undefined);
  });
  afterAll(() => connection.close());

  const consumer: MessageConsumer = {
    name: 'reader',
    stream: 'ZOHO_INBOX',
    filter: 'zoho.inbox.>',
    concurrency: 4,
  };
  const serve = (
    work: (message: StreamMessage, delivery: Delivery) => Promise<void>,
    { concurrency = 4, timing = quick, from = consumer } = {},
  ): JetStreamServer => {
    const server = new JetStreamServer({ connection, naming, timing, fatal: (error) => fail(error) });
    const handler = async (message: StreamMessage, delivery: Delivery) => {
      handled.push({ seq: message.seq, delivery, at: performance.now() });
      await work(message, delivery);
    };
    server.addHandler('reader', handler, false, {
      kind: 'message',
      consumer: { ...from, concurrency },
    });
    server.listen(() => undefined);
    servers.push(server);
    return server;
  };
  const send = async (count = 1): Promise<void> => {
    for (let n = 1; n <= count; n += 1)
      await publish(
        connection,
        { subject: naming.inboxSubject('invoice', 'created'), headers: { 'Tally-Url': '/x?é' }, data: WORDS },
        { messageId: `hook-${n}` },
      );
  };
  const backlog = async () => {
    const manager = await connection.manager();
    const info = await manager.consumers.info(naming.stream('ZOHO_INBOX'), naming.consumer('reader'));
    return info.num_pending + info.num_ack_pending;
  };
  const allDone = () => eventually(async () => expect(await backlog()).toBe(0));
  const deadLetters = () => lastSequence(connection, naming.stream('DEAD_LETTERS'));
  const deadLetter = (seq = 1) => messageAt(connection, naming.stream('DEAD_LETTERS'), streamSeq(seq));
  const perSequence = () => {
    const counts = new Map<number, number>();
    for (const { seq } of handled) counts.set(seq, (counts.get(seq) ?? 0) + 1);
    return [...counts.values()];
  };

  it('waits 1 s, 5 s, 30 s, 2 min and 10 min between six attempts, and 5 s for a sign of life', () => {
    expect(defaultRetryTiming).toEqual({
      ackWaitMs: 5_000,
      pausesMs: [1_000, 5_000, 30_000, 120_000, 600_000],
    });
  });

  it('brings a message back, later and later; after the last attempt it is a dead letter', async () => {
    await send();
    serve(async () => {
      throw new Error('the shelf\r\nis gone');
    });
    await eventually(async () => expect(await deadLetters()).toBe(1));
    expect(handled.map(({ delivery }) => delivery)).toEqual([
      { attempt: 1, isLast: false },
      { attempt: 2, isLast: false },
      { attempt: 3, isLast: false },
      { attempt: 4, isLast: true },
    ]);
    const pauses = handled.slice(1).map(({ at }, index) => at - (handled[index]?.at ?? 0));
    // The server's clock and ours round differently.
    expect(pauses.filter((pause, index) => pause < (quick.pausesMs[index] ?? 0) - 10)).toEqual([]);
    await allDone();

    const letter = await deadLetter();
    expect(letter?.subject).toBe(naming.deadLetterSubject('reader', 'failed'));
    expect(letter?.headers()).toEqual({
      'Nats-Msg-Id': `${naming.stream('ZOHO_INBOX')}:reader:1`,
      'Tally-Dead-Consumer': 'reader',
      'Tally-Dead-Reason': 'failed',
      'Tally-Dead-Error': 'the shelf is gone',
      'Tally-Dead-Attempts': '4',
      'Tally-Dead-Stream': naming.stream('ZOHO_INBOX'),
      'Tally-Dead-Sequence': '1',
      'Tally-Dead-Subject': naming.inboxSubject('invoice', 'created'),
      'Tally-Dead-Message-Id': 'hook-1',
      'Tally-Dead-Content': 'stream',
    });
  });

  it('keeps a message in hand while a stream that its handler writes to has no leader, when it is patient', async () => {
    await send();
    serve(
      async () => {
        if (handled.length < 3) throw new NatsUnavailable('the stream has no leader');
      },
      { from: { ...consumer, isPatient: true } },
    );
    await allDone();
    // However long a call takes: what comes again meanwhile is another delivery.
    expect(handled.slice(0, 3).filter(({ delivery }) => delivery.attempt > 1)).toEqual([]);
  });

  it('is told that it is the last attempt when no other call follows, patient or not', async () => {
    await send();
    serve(
      async () => {
        throw handled.length === 4 ? new NatsUnavailable('the stream has no leader') : new Error('gone');
      },
      { from: { ...consumer, isPatient: true } },
    );
    await eventually(async () => expect(await deadLetters()).toBe(1));
    expect(handled.map(({ delivery }) => delivery)).toEqual([
      { attempt: 1, isLast: false },
      { attempt: 2, isLast: false },
      { attempt: 3, isLast: false },
      { attempt: 4, isLast: false },
      { attempt: 4, isLast: false },
      { attempt: 4, isLast: true },
    ]);
  });

  it('leaves what a webhook says in the inbox, from where it can be put back', async () => {
    await send();
    serve(async (_, { attempt }) => {
      if (attempt === 1 && handled.length === 1) throw new DeadLetter('bad_field', 'no');
    });
    await eventually(async () => expect(await deadLetters()).toBe(1));
    expect((await deadLetter())?.data).toHaveLength(0);
    const seq = await redrive(connection, naming, streamSeq(1));
    await allDone();
    const again = await messageAt(connection, naming.stream('ZOHO_INBOX'), seq);
    expect(Buffer.from(again?.data ?? [])).toEqual(WORDS);
    expect(again?.headers()).toMatchObject({ 'Tally-Url': '/x?é', 'Tally-Redrive': '1' });
  });

  it('keeps a message of a queue, which does not stay there, in the dead letter', async () => {
    const from: MessageConsumer = {
      name: 'reader',
      stream: 'ZOHO_OBSERVE',
      filter: 'zoho.observe.>',
      concurrency: 1,
    };
    serve(async () => Promise.reject(new DeadLetter('bad_field', 'no')), { from });
    const subject = naming.subject('zoho.observe.pen');
    await publish(connection, { subject, headers: { 'Tally-Due': 'now' }, data: WORDS });
    await eventually(async () => expect(await deadLetters()).toBe(1));
    const letter = await deadLetter();
    expect(Buffer.from(letter?.data ?? [])).toEqual(WORDS);
    expect(letter?.headers()).toMatchObject({ 'Tally-Due': 'now', 'Tally-Dead-Subject': subject });
    expect(letter?.headers()).not.toHaveProperty('Tally-Dead-Content');
  });

  it('stops as soon as an attempt works', async () => {
    await send();
    serve(async (_, { attempt }) => {
      if (attempt < 3) throw new Error('not yet');
    });
    await eventually(() => expect(handled).toHaveLength(3));
    await allDone();
    expect(await deadLetters()).toBe(0);
  });

  it('buries at once what no further attempt can change', async () => {
    await send();
    serve(async () => {
      throw new DeadLetter('bad_field', 'quantity is not a number');
    });
    await eventually(async () => expect(await deadLetters()).toBe(1));
    await allDone();
    expect(handled).toHaveLength(1);
    expect((await deadLetter())?.subject).toBe(naming.deadLetterSubject('reader', 'bad_field'));
  });

  it('keeps a message for as long as the dead letters cannot be written', async () => {
    serve(async ({ seq }) => {
      if (seq === 2) throw new DeadLetter('bad_field', 'no');
    });
    await send(1);
    await eventually(() => expect(handled).toHaveLength(1));
    // Not before: a server that starts sets up what is missing.
    const { streams } = await connection.manager();
    await streams.delete(naming.stream('DEAD_LETTERS'));
    await send(2);
    await eventually(() => expect(handled.length).toBeGreaterThan(quick.pausesMs.length + 3));
    expect(await backlog()).toBe(1);
    await provisionStreams(connection, naming);
    await eventually(async () => expect(await deadLetters()).toBe(1));
    await allDone();
  });

  it('a handler slower than the deadline is not called twice', async () => {
    await send();
    serve(async () => takeTime(4 * quick.ackWaitMs));
    await eventually(async () => {
      expect(handled).toHaveLength(1);
      expect(await backlog()).toBe(0);
    });
    expect(perSequence()).toEqual([1]);
  });

  it('nor are messages that wait behind it handled twice', async () => {
    await send(6);
    serve(async () => takeTime(quick.ackWaitMs), { concurrency: 1 });
    await eventually(() => expect(handled.length).toBeGreaterThanOrEqual(6));
    await allDone();
    expect(handled.map(({ delivery }) => delivery.attempt)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(perSequence()).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('handles no more at a time than it may', async () => {
    await send(12);
    let inHand = 0;
    let most = 0;
    serve(
      async () => {
        inHand += 1;
        most = Math.max(most, inHand);
        await takeTime(10);
        inHand -= 1;
      },
      { concurrency: 3 },
    );
    await eventually(() => expect(handled).toHaveLength(12));
    await allDone();
    expect(most).toBe(3);
  });

  it('makes its consumer anew when somebody deletes it', async () => {
    await send();
    serve(async () => undefined);
    await eventually(() => expect(handled).toHaveLength(1));
    await allDone();
    const manager = await connection.manager();
    await manager.consumers.delete(naming.stream('ZOHO_INBOX'), naming.consumer('reader'));
    await publish(connection, {
      subject: naming.inboxSubject('invoice', 'updated'),
      headers: {},
      data: WORDS,
    });
    await eventually(() => expect(handled.map(({ seq }) => seq)).toContain(2));
    await allDone();
  });

  it('finishes what it has in hand before it stops, and leaves the rest to the next, whatever its settings', async () => {
    await send(5);
    const finished: number[] = [];
    const first = serve(
      async ({ seq }) => {
        await takeTime(100);
        finished.push(seq);
      },
      { concurrency: 2 },
    );
    await eventually(() => expect(handled).toHaveLength(2));
    await first.close();
    expect(finished).toHaveLength(2);
    const before = handled.length;
    expect(before).toBe(2);
    // With other settings than the durable consumer has: it is brought up to date.
    serve(async () => undefined, { concurrency: 5 });
    await allDone();
    const manager = await connection.manager();
    const { config } = await manager.consumers.info(naming.stream('ZOHO_INBOX'), naming.consumer('reader'));
    expect(config.max_ack_pending).toBe(10);
    expect(perSequence()).toEqual([1, 1, 1, 1, 1]);
  });
});
