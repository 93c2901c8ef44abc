import { type Naming, streamNames, streamSeq } from '@tallystream/contracts';
import { messageAt, provisionStreams, publish } from '@tallystream/jetstream';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { type Operations, startOperations } from '../spec/operations-app';

type Letter = Readonly<{ id: number; status: string; [name: string]: unknown }>;
type Page = Readonly<{ items: readonly Letter[]; nextCursor: string | null }>;
type Retried = Readonly<{
  count: number;
  run: { status: string; stats: Record<string, number>; done: number };
}>;

describe('dead letters', () => {
  let naming: Naming;
  let operations: Operations;

  beforeEach(async () => {
    naming = freshNaming();
    operations = await startOperations(testServers(), naming.namespace);
    await provisionStreams(operations.connection, naming);
  });
  afterEach(async () => {
    const { streams } = await operations.connection.manager();
    for (const name of streamNames) await streams.delete(naming.stream(name));
    await operations.close();
  });

  /** As the transport would have buried it. */
  const die = async ({
    consumer = 'translator',
    reason = 'bad_field',
    body = 'شركة الأمل',
    headers = {},
  }: Readonly<{
    consumer?: string;
    reason?: string;
    body?: string | Buffer;
    headers?: Record<string, string>;
  }> = {}): Promise<number> => {
    const { seq } = await publish(operations.connection, {
      subject: naming.deadLetterSubject(consumer, reason),
      headers: {
        'Tally-Url': '/api/webhooks/zoho',
        'Tally-Dead-Consumer': consumer,
        'Tally-Dead-Reason': reason,
        'Tally-Dead-Error': 'كمية غير مقروءة',
        'Tally-Dead-Attempts': '6',
        'Tally-Dead-Stream': naming.stream('ZOHO_INBOX'),
        'Tally-Dead-Sequence': '41',
        'Tally-Dead-Subject': naming.inboxSubject('invoice', 'created'),
        'Tally-Dead-Message-Id': 'abc',
        ...headers,
      },
      data: Buffer.from(body),
    });
    return seq;
  };
  const dieMany = async (count: number, reasons: readonly string[] = ['bad_field']): Promise<void> => {
    for (let n = 0; n < count; n += 1)
      await die({
        reason: reasons[n % reasons.length] ?? '',
        headers: { 'Tally-Dead-Message-Id': `id-${n}` },
      });
  };
  const list = async (query = ''): Promise<Page> => (await operations.ask<Page>(`dead-letters${query}`)).body;
  const ids = ({ items }: Page) => items.map(({ id }) => id);
  const retry = (id: number) => operations.ask(`dead-letters/${id}/retry`, { body: {} });
  const discard = (id: number, note = 'known, does no harm') =>
    operations.ask(`dead-letters/${id}/discard`, { body: { note } });
  const retryAll = (filter: object, dryRun = false) =>
    operations.ask<Retried>('dead-letters/retry', { body: { filter, dryRun } });
  const inbox = async () => {
    const { streams } = await operations.connection.manager();
    return (await streams.info(naming.stream('ZOHO_INBOX'))).state.messages;
  };

  describe('what cannot be asked', () => {
    it.each([
      ['GET', 'dead-letters?limit=0', undefined, 400, 'limit'],
      ['GET', 'dead-letters?status=dead', undefined, 400, 'status'],
      ['GET', 'dead-letters?consumer=*', undefined, 400, 'consumer'],
      ['GET', 'dead-letters?reason=a.b', undefined, 400, 'reason'],
      ['GET', 'dead-letters?cursor=abc', undefined, 400, 'cursor'],
      ['GET', 'dead-letters?from=yesterday', undefined, 400, 'from'],
      ['GET', 'dead-letters?other=1', undefined, 400, 'other'],
      ['GET', 'dead-letters/abc', undefined, 400, 'id'],
      ['GET', 'dead-letters/0', undefined, 400, 'id'],
      ['GET', 'dead-letters/99', undefined, 404, undefined],
      ['POST', 'dead-letters/99/retry', {}, 404, undefined],
      ['POST', 'dead-letters/99/discard', { note: 'x' }, 404, undefined],
      ['POST', 'dead-letters/1/discard', {}, 400, 'note'],
      ['POST', 'dead-letters/1/discard', { note: '  ' }, 400, 'note'],
      ['POST', 'dead-letters/1/discard', { note: 'a\u0000b' }, 400, 'note'],
      ['POST', 'dead-letters/retry', {}, 400, 'filter'],
      ['POST', 'dead-letters/retry', { filter: { reason: '>' } }, 400, 'filter.reason'],
      ['POST', 'dead-letters/retry', { filter: {}, dryRun: 'yes' }, 400, 'dryRun'],
    ] as const)('%s %s %j is answered %i', async (_method, path, body, status, field) => {
      await die();
      const answer = await operations.ask<{ errors?: { path: string }[] }>(path, body ? { body } : {});
      expect(answer.status).toBe(status);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.body.errors?.[0]?.path).toBe(field);
    });

    it('is refused to who is no operator', async () => {
      expect((await operations.ask('dead-letters', { role: 'auditor' })).status).toBe(403);
    });
  });

  it('are none when there are none', async () => {
    expect(await list()).toEqual({ items: [], nextCursor: null });
    expect((await retryAll({}, true)).body).toEqual({ dryRun: true, count: 0 });
    expect((await retryAll({})).body).toMatchObject({ count: 0, run: { status: 'completed' } });
  });

  it('are shown with what they say of themselves', async () => {
    const id = await die({ headers: { 'Tally-Redrive': '2' } });
    const head = {
      id,
      consumer: 'translator',
      reason: 'bad_field',
      error: 'كمية غير مقروءة',
      attempts: 6,
      diedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      stream: naming.stream('ZOHO_INBOX'),
      sequence: 41,
      subject: naming.inboxSubject('invoice', 'created'),
      retries: 2,
      size: Buffer.byteLength('شركة الأمل'),
      status: 'open',
    };
    expect(await list()).toEqual({ items: [head], nextCursor: null });
    const { body } = await operations.ask(`dead-letters/${id}`);
    expect(body).toEqual({
      ...head,
      headers: expect.objectContaining({ 'Tally-Url': '/api/webhooks/zoho' }),
      body: 'شركة الأمل',
      bodyEncoding: 'utf8',
    });
  });

  it('keep bodies that are no text', async () => {
    const bytes = Buffer.from([0x00, 0xfe, 0x7b]);
    const { body } = await operations.ask(`dead-letters/${await die({ body: bytes })}`);
    expect(body).toMatchObject({ body: bytes.toString('base64'), bodyEncoding: 'base64' });
  });

  it('come in pages, the newest first, each once', async () => {
    await dieMany(25);
    const seen: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: Page = await list(`?limit=10${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...ids(page));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => 25 - index));
  });

  it('are found by consumer, by reason, by status and by time, however far apart they lie', async () => {
    await die({ consumer: 'observer', reason: 'rare' });
    await dieMany(40, ['bad_field', 'no_warehouse']);
    await die({ consumer: 'observer', reason: 'rare' });
    expect(ids(await list('?consumer=observer&limit=5'))).toEqual([42, 1]);
    expect(ids(await list('?reason=rare&limit=1'))).toEqual([42]);
    expect(ids(await list('?reason=rare&limit=1&cursor=42'))).toEqual([1]);
    expect(ids(await list('?consumer=observer&reason=bad_field'))).toEqual([]);
    expect(ids(await list('?reason=no_warehouse&limit=3'))).toEqual([41, 39, 37]);
    await discard(41);
    expect(ids(await list('?reason=no_warehouse&limit=3&status=open'))).toEqual([39, 37, 35]);
    expect(ids(await list('?status=discarded'))).toEqual([41]);
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    expect(ids(await list(`?from=${tomorrow}`))).toEqual([]);
    expect(ids(await list(`?to=${tomorrow}&limit=1`))).toEqual([42]);
  });

  it('one is put back where it came from, by whom is told, and is open no more', async () => {
    const id = await die();
    const { status, body } = await retry(id);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id, status: 'retried', decidedBy: 'night', retriedAs: 1 });
    const message = await messageAt(operations.connection, naming.stream('ZOHO_INBOX'), streamSeq(1));
    expect(message?.headers()).toMatchObject({ 'Nats-Msg-Id': 'abc:r1', 'Tally-Redrive-Of': '41' });
    const again = await retry(id);
    expect([again.status, again.body.code]).toEqual([409, 'conflict']);
    expect(again.body.detail).toContain('retried by night');
    expect((await discard(id)).status).toBe(409);
    expect(await inbox()).toBe(1);
  });

  it('one that two retry at once is put back once', async () => {
    const id = await die();
    const answers = await Promise.all(Array.from({ length: 8 }, () => retry(id)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409, 409, 409]);
    expect(await inbox()).toBe(1);
  });

  it('one is discarded with a note', async () => {
    const id = await die();
    const { body } = await discard(id, 'فاتورة قديمة\nsee ticket 12');
    expect(body).toMatchObject({
      status: 'discarded',
      decidedBy: 'night',
      note: 'فاتورة قديمة\nsee ticket 12',
    });
    const again = await retry(id);
    expect([again.status, again.body.detail]).toEqual([409, expect.stringContaining('discarded by night')]);
    expect(await inbox()).toBe(0);
  });

  it('one that does not say where it came from stays open, and can be discarded', async () => {
    const id = await die({ headers: { 'Tally-Dead-Subject': '' } });
    expect((await retry(id)).status).toBe(409);
    expect((await list('?status=open')).items).toMatchObject([{ id }]);
    expect((await discard(id)).status).toBe(200);
  });

  it('a retry that was cut off is open again after a while', async () => {
    const id = await die();
    const state = (at: number) => ({
      deadLetter: id,
      consumer: 'translator',
      reason: 'bad_field',
      status: 'retrying',
      at: new Date(at).toISOString(),
      by: 'gone',
    });
    const cutOff = (at: number) =>
      publish(operations.connection, {
        subject: naming.deadLetterStateSubject(streamSeq(id)),
        headers: {},
        data: Buffer.from(JSON.stringify(state(at))),
      });
    await cutOff(Date.now());
    expect((await retry(id)).status).toBe(409);
    await cutOff(Date.now() - 61_000);
    await eventually(async () => expect((await retryAll({}, true)).body.count).toBe(1));
    expect((await retry(id)).status).toBe(200);
  });

  it('are all put back that fit a filter: as many as the dry run counted, each once', async () => {
    await dieMany(30, ['bad_field', 'no_warehouse', 'other']);
    await discard(1);
    await retry(4);
    await discard(2);
    const dry = (await retryAll({ reason: 'bad_field' }, true)).body;
    expect(dry).toEqual({ dryRun: true, count: 8 });
    expect(await inbox()).toBe(1);
    const real = await retryAll({ reason: 'bad_field' });
    expect(real.body).toMatchObject({
      dryRun: false,
      count: 8,
      run: { status: 'completed', done: 8, stats: { retried: 8 } },
    });
    expect(await inbox()).toBe(9);
    expect((await retryAll({ reason: 'bad_field' }, true)).body.count).toBe(0);
    expect((await retryAll({}, true)).body.count).toBe(19);
    expect((await retryAll({ consumer: 'observer' })).body).toMatchObject({ count: 0, run: { done: 0 } });
  });

  it('are counted between two moments, too', async () => {
    await dieMany(1);
    const first = Date.parse((await operations.ask<{ diedAt: string }>('dead-letters/1')).body.diedAt);
    await eventually(() => expect(Date.now()).toBeGreaterThan(first));
    await dieMany(2);
    const hour = 3_600_000;
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    const count = async (filter: object) => (await retryAll(filter, true)).body.count;
    expect(await count({ from: at(-hour), to: at(hour) })).toBe(3);
    expect(await count({ from: at(hour) })).toBe(0);
    expect(await count({ to: at(-hour) })).toBe(0);
    await discard(2);
    expect(await count({ from: at(-hour) })).toBe(2);
    const middle = (await operations.ask<{ diedAt: string }>('dead-letters/2')).body.diedAt;
    expect(await count({ from: middle })).toBe(1);
  });

  it('that die while others are put back are left alone', async () => {
    await dieMany(5);
    const { body } = await operations.ask<Retried>('dead-letters/retry', {
      body: { filter: {} },
      headers: { prefer: 'respond-async' },
    });
    expect(body.count).toBe(5);
    const late = await die({ headers: { 'Tally-Dead-Message-Id': 'late' } });
    await eventually(async () =>
      expect((await list('?status=open')).items.map(({ id }) => id)).toEqual([late]),
    );
  });

  it('are put back in the background, by a run that says where it can be seen', async () => {
    await dieMany(3);
    const answer = await operations.ask<Retried>('dead-letters/retry', {
      body: { filter: {} },
      headers: { prefer: 'respond-async' },
    });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toMatch(/^\/api\/sync\/runs\/dead-letter-retry-/);
    await eventually(async () => expect(await inbox()).toBe(3));
  });
});
