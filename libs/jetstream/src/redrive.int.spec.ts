import { type Naming, streamSeq } from '@tallystream/contracts';
import { freshNaming, testServers } from '@tallystream/testing';
import { type JetStreamConnection, openConnection } from './connection';
import { provisionStreams } from './provision';
import { publish } from './publish';
import { messageAt } from './read';
import { redrive } from './redrive';

const quiet = { info: () => undefined, warn: () => undefined };
const BODY = Buffer.from([0x00, 0xfe, 0x7b]);

describe('putting a dead letter back', () => {
  let connection: JetStreamConnection;
  let naming: Naming;
  let subject: string;

  beforeAll(async () => {
    connection = openConnection({ url: testServers().natsUrl, name: 'redrive.int.spec' }, quiet);
    await connection.ready();
  });
  beforeEach(async () => {
    naming = freshNaming();
    subject = naming.inboxSubject('invoice', 'created');
    await provisionStreams(connection, naming);
  });
  afterEach(async () => {
    const { streams } = await connection.manager();
    for (const name of ['STOCK', 'ZOHO_INBOX', 'ZOHO_OUTCOMES', 'ZOHO_OBSERVE', 'DEAD_LETTERS'] as const)
      await streams.delete(naming.stream(name));
  });
  afterAll(() => connection.close());

  /** As the transport would have buried it. */
  const die = async (
    extra: Readonly<Record<string, string>> = { 'Tally-Dead-Message-Id': 'abc' },
    data: Uint8Array | '' = BODY,
  ) => {
    const { seq } = await publish(connection, {
      subject: naming.deadLetterSubject('translator', 'bad_field'),
      headers: {
        'Tally-Url': '/api/webhooks/zoho',
        'Tally-Dead-Consumer': 'translator',
        'Tally-Dead-Reason': 'bad_field',
        'Tally-Dead-Error': 'no',
        'Tally-Dead-Attempts': '1',
        'Tally-Dead-Stream': naming.stream('ZOHO_INBOX'),
        'Tally-Dead-Sequence': '41',
        'Tally-Dead-Subject': subject,
        ...extra,
      },
      data: Buffer.from(data),
    });
    return seq;
  };
  const inInbox = (seq: number) => messageAt(connection, naming.stream('ZOHO_INBOX'), streamSeq(seq));

  it('restores subject, body and headers, and says how often and where it first stood', async () => {
    const seq = await redrive(connection, naming, await die());
    const message = await inInbox(seq);
    expect(message?.subject).toBe(subject);
    expect(Buffer.from(message?.data ?? [])).toEqual(BODY);
    expect(message?.headers()).toEqual({
      'Tally-Url': '/api/webhooks/zoho',
      'Tally-Redrive': '1',
      'Tally-Redrive-Of': '41',
      'Nats-Msg-Id': 'abc:r1',
    });
  });

  it('counts on, whether the same letter goes back again or one that has died again', async () => {
    const letter = await die();
    expect((await inInbox(await redrive(connection, naming, letter)))?.header('Nats-Msg-Id')).toBe('abc:r1');
    expect((await inInbox(await redrive(connection, naming, letter)))?.header('Nats-Msg-Id')).toBe('abc:r2');
    const again = await die({
      'Tally-Dead-Message-Id': 'abc:r2',
      'Tally-Dead-Sequence': '57',
      'Tally-Redrive': '2',
      'Tally-Redrive-Of': '41',
    });
    expect((await inInbox(await redrive(connection, naming, again)))?.headers()).toMatchObject({
      'Nats-Msg-Id': 'abc:r3',
      'Tally-Redrive': '3',
      'Tally-Redrive-Of': '41',
    });
  });

  it('at once from two sides: both go in, under two ids', async () => {
    const letter = await die();
    const seqs = await Promise.all([
      redrive(connection, naming, letter),
      redrive(connection, naming, letter),
    ]);
    expect(new Set(seqs).size).toBe(2);
  });

  it('gives a message that had no id one by its place', async () => {
    const seq = await redrive(connection, naming, await die({}));
    expect((await inInbox(seq))?.header('Nats-Msg-Id')).toBe(`${naming.stream('ZOHO_INBOX')}:41:r1`);
  });

  it('takes what the letter only refers to from its stream', async () => {
    const { seq: at } = await publish(connection, {
      subject,
      headers: { 'Tally-Url': '/api/webhooks/zoho', 'Tally-Redrive': '2', 'Tally-Redrive-Of': '7' },
      data: BODY,
    });
    const letter = await die({ 'Tally-Dead-Content': 'stream', 'Tally-Dead-Sequence': String(at) }, '');
    const message = await inInbox(await redrive(connection, naming, letter));
    expect(Buffer.from(message?.data ?? [])).toEqual(BODY);
    expect(message?.headers()).toEqual({
      'Tally-Url': '/api/webhooks/zoho',
      'Tally-Redrive': '3',
      'Tally-Redrive-Of': '7',
      'Nats-Msg-Id': `${naming.stream('ZOHO_INBOX')}:${at}:r3`,
    });
  });

  it('says so when the stream does not keep any more what the letter refers to', async () => {
    const letter = await die({ 'Tally-Dead-Content': 'stream' }, '');
    await expect(redrive(connection, naming, letter)).rejects.toMatchObject({ name: 'OriginalGone' });
    expect(await inInbox(1)).toBeUndefined();
  });

  it('refuses a letter that is not there, or does not say where it came from', async () => {
    await expect(redrive(connection, naming, streamSeq(99))).rejects.toMatchObject({
      name: 'NotADeadLetter',
    });
    const nameless = await die({ 'Tally-Dead-Subject': '' });
    await expect(redrive(connection, naming, nameless)).rejects.toMatchObject({ name: 'NotADeadLetter' });
  });
});
