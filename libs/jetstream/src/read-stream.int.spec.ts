import { instantFrom, type Naming, streamNames } from '@tallystream/contracts';
import { freshNaming, testServers } from '@tallystream/testing';
import { type JetStreamConnection, openConnection } from './connection';
import { countAfter, countBySubject, sequenceSince, streamReach } from './positions';
import { provisionStreams } from './provision';
import { publish, publishBatch } from './publish';
import { readStream, type StreamRead } from './read-stream';

const quiet = { info: () => undefined, warn: () => undefined };

describe('reading a stream from one place to another', () => {
  let connection: JetStreamConnection;
  let naming: Naming;
  let stream: string;

  beforeAll(async () => {
    connection = openConnection({ url: testServers().natsUrl, name: 'read-stream.int.spec' }, quiet);
    await connection.ready();
  });
  beforeEach(async () => {
    naming = freshNaming();
    stream = naming.stream('DEAD_LETTERS');
    await provisionStreams(connection, naming);
  });
  afterEach(async () => {
    const { streams } = await connection.manager();
    for (const name of streamNames) await streams.delete(naming.stream(name));
  });
  afterAll(() => connection.close());

  const put = (reason: string, text: string) =>
    publish(connection, {
      subject: naming.deadLetterSubject('translator', reason),
      headers: { 'Tally-Dead-Reason': reason, 'Tally-Text': text },
      data: Buffer.from(text),
    });
  /** 1 a, 2 b, 3 a, 4 b, … */
  const putMany = async (count: number) => {
    for (let n = 1; n <= count; n += 1) await put(n % 2 === 1 ? 'a' : 'b', `letter ${n}`);
  };
  const fill = (count: number) =>
    publishBatch(
      connection,
      Array.from({ length: count }, () => ({
        subject: naming.subject('stock.x'),
        headers: {},
        data: Buffer.alloc(500),
      })),
    );
  const read = async (part: Partial<StreamRead> = {}) => {
    const seen: number[] = [];
    const whole = { stream, subject: naming.subject('dead.>'), after: 0, until: 1_000, ...part };
    await readStream(connection, whole, ({ seq }) => seen.push(seq));
    return seen;
  };
  const noConsumersAreLeft = async () => {
    const { consumers } = await connection.manager();
    for await (const { name } of consumers.list(stream)) throw new Error(`${name} is left`);
  };

  it('shows every message once, in order', async () => {
    await putMany(50);
    expect(await read()).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    await noConsumersAreLeft();
  });

  it('shows a part of it, and of that what fits the subject', async () => {
    await putMany(20);
    expect(await read({ after: 3, until: 9 })).toEqual([4, 5, 6, 7, 8, 9]);
    const subject = naming.deadLetterSubject('translator', 'b');
    expect(await read({ after: 3, until: 9, subject })).toEqual([4, 6, 8]);
    expect(await read({ after: 19, until: 19 })).toEqual([]);
  });

  it('ends when there is nothing, or nothing more', async () => {
    expect(await read()).toEqual([]);
    await putMany(2);
    expect(await read({ subject: naming.deadLetterSubject('translator', 'c') })).toEqual([]);
    expect(await read({ after: 2 })).toEqual([]);
  });

  it('gives what the stream holds: subject, headers, data, and when it was stored', async () => {
    await put('a', 'شركة الأمل');
    const found: unknown[] = [];
    const whole = { stream, subject: naming.subject('dead.>'), after: 0, until: 9 };
    await readStream(connection, whole, (message) =>
      found.push({
        subject: message.subject,
        text: message.header('Tally-Text'),
        none: message.header('Tally-None'),
        headers: message.headers(),
        data: Buffer.from(message.data).toString(),
        isRecent: Math.abs(Date.parse(message.storedAt) - Date.now()) < 60_000,
      }),
    );
    expect(found).toEqual([
      {
        subject: naming.deadLetterSubject('translator', 'a'),
        text: 'شركة الأمل',
        none: undefined,
        headers: { 'Tally-Dead-Reason': 'a', 'Tally-Text': 'شركة الأمل' },
        data: 'شركة الأمل',
        isRecent: true,
      },
    ]);
  });

  it('leaves the bodies where they are, when asked to', async () => {
    await put('a', 'a letter');
    const found: unknown[] = [];
    const whole = {
      stream,
      subject: naming.subject('dead.>'),
      after: 0,
      until: 9,
      headersOnly: true,
    } as const;
    await readStream(connection, whole, (message) =>
      found.push([message.header('Tally-Text'), message.header('Nats-Msg-Size'), message.data.length]),
    );
    expect(found).toEqual([['a letter', '8', 0]]);
  });

  it('ends with the error of whoever looks', async () => {
    await putMany(5);
    let seen = 0;
    const whole = { stream, subject: naming.subject('dead.>'), after: 0, until: 9 };
    const reading = readStream(connection, whole, () => {
      seen += 1;
      if (seen === 3) throw new RangeError('enough');
    });
    await expect(reading).rejects.toThrow(new RangeError('enough'));
    await noConsumersAreLeft();
  });

  it('goes on where it stood when its consumer is taken away', async () => {
    const ledger = naming.stream('STOCK');
    const count = 10_000;
    for (let n = 0; n < count; n += 1_000) await fill(1_000);
    const { consumers } = await connection.manager();
    const seen: number[] = [];
    let taking: Promise<unknown> | undefined;
    const whole = { stream: ledger, subject: naming.subject('stock.>'), after: 0, until: count };
    await readStream(connection, whole, ({ seq }) => {
      seen.push(seq);
      taking ??= (async () => {
        for await (const { name } of consumers.list(ledger)) await consumers.delete(ledger, name);
      })();
    });
    await taking;
    expect(seen).toEqual(Array.from({ length: count }, (_, index) => index + 1));
  });

  it('ends, without an error, when it is told to', async () => {
    await putMany(3);
    const ending = new AbortController();
    const seen: number[] = [];
    const whole = { stream, subject: naming.subject('dead.>'), after: 0, until: 9, signal: ending.signal };
    await readStream(connection, whole, ({ seq }) => {
      seen.push(seq);
      ending.abort();
    });
    expect(seen[0]).toBe(1);
    expect(await read({ signal: ending.signal })).toEqual([]);
  });

  it('counts without reading', async () => {
    await putMany(7);
    const reason = (name: string) => naming.deadLetterSubject('translator', name);
    expect(await streamReach(connection, stream)).toEqual({ first: 1, last: 7, messages: 7 });
    expect(await countBySubject(connection, stream, naming.subject('dead.translator.*'))).toEqual(
      new Map([
        [reason('a'), 4],
        [reason('b'), 3],
      ]),
    );
    expect(await countBySubject(connection, stream, naming.subject('dead.observer.*'))).toEqual(new Map());
    expect(await countAfter(connection, stream, reason('a'), 2)).toBe(3);
    expect(await countAfter(connection, stream, reason('a'), 7)).toBe(0);
    await noConsumersAreLeft();
  });

  it('finds the place of a moment', async () => {
    const before = instantFrom(Date.now() - 3_600_000);
    expect(await sequenceSince(connection, stream, before)).toBe(1);
    await putMany(3);
    expect(await sequenceSince(connection, stream, before)).toBe(1);
    expect(await sequenceSince(connection, stream, instantFrom(Date.now() + 3_600_000))).toBe(4);
  });

  it('finds the place of a moment also where what lies there has no body', async () => {
    await put('a', '');
    expect(await sequenceSince(connection, stream, instantFrom(Date.now() - 3_600_000))).toBe(1);
  });
});
