import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '@tallystream/testing';
import { openClient, ReadFailed, type TallyClient } from './index';

type Asked = Readonly<{ method: string; url: string; headers: IncomingMessage['headers']; body: string }>;
type Reply = (response: ServerResponse, asked: Asked) => void;

const WAREHOUSE = '2646610000000077024';

const answerFor = (itemId: string) => ({
  itemId,
  warehouseId: WAREHOUSE,
  stock: itemId.length,
  source: 'cache',
});

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Reply =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
const problem = (status: number, code: string, headers?: Record<string, string>): Reply =>
  json(status, { type: 'x', title: 'x', status, detail: `it is ${code}`, code }, headers);
const whole: Reply = (response, { url, body }) => {
  if (url.startsWith('/api/stock/bulk')) {
    const { itemIds }: { itemIds: string[] } = JSON.parse(body);
    return json(200, { items: Object.fromEntries(itemIds.map((id) => [id, answerFor(id)])) })(
      response,
      {} as never,
    );
  }
  return json(200, answerFor(url.replace(/^.*\/|\?.*$/g, '')))(response, {} as never);
};

describe('reads of the stock API', () => {
  let server: Server;
  let port: number;
  let asked: Asked[];
  /** What it replies, the last one again and again. */
  let replies: Reply[];
  let client: TallyClient;

  beforeEach(async () => {
    asked = [];
    replies = [whole];
    server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        asked.push({ method, url, headers, body });
        const reply = replies[0] ?? whole;
        if (replies.length > 1) replies.shift();
        reply(response, asked.at(-1) as Asked);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    client = openClient({
      name: 'shop',
      url: `http://127.0.0.1:${port}/`,
      apiKey: 'a-key',
      timeoutMs: 2_000,
    });
  });
  afterEach(async () => {
    await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const failure = async (read: Promise<unknown>): Promise<ReadFailed> => {
    const error = await read.then(
      (answer) => new Error(`it answered ${JSON.stringify(answer)}`),
      (reason: unknown) => reason,
    );
    if (error instanceof ReadFailed) return error;
    throw error;
  };

  it('asks for one item, in the words of its options', async () => {
    const answer = await client.getUnifiedStock('pen', {
      warehouse: 'port',
      fetchOnMiss: true,
      waitForSeq: 42,
      context: 'product-detail',
    });
    expect(answer).toEqual(answerFor('pen'));
    expect(asked).toEqual([
      expect.objectContaining({
        method: 'GET',
        url: '/api/stock/pen?warehouse=port&waitForSeq=42&fetchOnMiss=true',
        headers: expect.objectContaining({
          authorization: 'Bearer a-key',
          'user-agent': 'shop (product-detail)',
        }),
      }),
    ]);
  });

  it('asks for many at once, each once, and answers in their order', async () => {
    const answers = await client.getUnifiedStockBulk(['pen', 'cupboard', 'pen'], { warehouse: 'port' });
    expect([...answers.keys()]).toEqual(['pen', 'cupboard']);
    expect(answers.get('cupboard')?.stock).toBe(8);
    expect(asked).toEqual([
      expect.objectContaining({
        method: 'POST',
        url: '/api/stock/bulk?warehouse=port',
        body: '{"itemIds":["pen","cupboard"]}',
      }),
    ]);
  });

  it('asks for more than 5,000 in several requests, and for none in none', async () => {
    const ids = Array.from({ length: 12_345 }, (_, n) => `i${n}`);
    const answers = await client.getUnifiedStockBulk(ids);
    expect([...answers.keys()]).toEqual(ids);
    expect(asked.map(({ body }) => JSON.parse(body).itemIds.length).sort()).toEqual([2_345, 5_000, 5_000]);
    expect(await client.getUnifiedStockBulk([])).toEqual(new Map());
    expect(asked).toHaveLength(3);
  });

  it.each(['..', 'a/b', 'a.b', '', 'x'.repeat(65), 'قلم'])('does not send %j for an id', async (id) => {
    expect(await failure(client.getUnifiedStock(id))).toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'itemId' }],
    });
    expect(await failure(client.getUnifiedStockBulk(['pen', id]))).toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'itemIds.1' }],
    });
    expect(asked).toEqual([]);
  });

  it('takes whatever text for a context', async () => {
    await client.getUnifiedStock('pen', { context: 'سلة (1)\r\nx: y' });
    expect(decodeURIComponent(String(asked[0]?.headers['user-agent']))).toBe('shop (سلة (1)\r\nx: y)');
  });

  it('says what the API said', async () => {
    replies = [
      json(400, {
        code: 'invalid_request',
        detail: 'warehouse: no',
        errors: [{ path: 'warehouse', message: 'no' }],
      }),
    ];
    expect(await failure(client.getUnifiedStock('pen', { warehouse: '!' }))).toMatchObject({
      code: 'invalid_request',
      status: 400,
      message: 'warehouse: no',
      errors: [{ path: 'warehouse', message: 'no' }],
    });
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['unauthorized', 401],
    ['forbidden', 403],
    ['wait_timeout', 504],
    ['zoho_unavailable', 503],
    ['a_code_of_tomorrow', 418],
  ])('does not ask again after %s', async (code, status) => {
    replies = [problem(status, code), whole];
    expect(await failure(client.getUnifiedStock('pen'))).toMatchObject({ code, status });
    expect(asked).toHaveLength(1);
  });

  it.each<[string, Reply]>([
    ['a store was away', problem(503, 'store_unavailable', { 'retry-after': '0' })],
    ['the connection was cut', (response) => response.destroy()],
    ['a proxy found nobody', (response) => response.writeHead(502).end('<html>Bad gateway</html>')],
    ['it was one too many', problem(429, 'too_many_requests', { 'retry-after': '1' })],
  ])('asks again when %s', async (_, reply) => {
    replies = [reply, whole];
    expect((await client.getUnifiedStock('pen')).stock).toBe(3);
    expect(asked).toHaveLength(2);
  });

  it('asks three times at most', async () => {
    replies = [problem(503, 'store_unavailable')];
    expect(await failure(client.getUnifiedStock('pen'))).toMatchObject({ code: 'store_unavailable' });
    expect(asked).toHaveLength(3);
  });

  it('does not wait for a time that it does not have', async () => {
    replies = [problem(429, 'too_many_requests', { 'retry-after': '60' })];
    expect(await failure(client.getUnifiedStock('pen'))).toMatchObject({
      code: 'too_many_requests',
      retryAfterSeconds: 60,
    });
    expect(asked).toHaveLength(1);
  });

  it('waits no longer than it was told to', async () => {
    replies = [() => undefined];
    expect(await failure(client.getUnifiedStock('pen', { timeoutMs: 50 }))).toMatchObject({
      code: 'timed_out',
      message: 'no answer within 50 ms',
    });
  });

  it.each<[string, Reply]>([
    ['while it waits for an answer', () => undefined],
    ['while it waits to ask again', problem(503, 'store_unavailable', { 'retry-after': '1' })],
  ])('ends when it is told to, %s, with the reason', async (_, reply) => {
    replies = [reply];
    const ending = new AbortController();
    const read = client.getUnifiedStock('pen', { signal: ending.signal });
    await eventually(() => expect(asked).toHaveLength(1));
    ending.abort(new Error('the visitor is gone'));
    await expect(read).rejects.toThrow('the visitor is gone');
    expect(asked).toHaveLength(1);
  });

  it.each<[string, Reply]>([
    ['no JSON', (response) => response.end('<html>')],
    ['a stock that is no number', json(200, { ...answerFor('pen'), stock: '3' })],
    ['no stock at all', json(200, { ...answerFor('pen'), stock: undefined })],
    ['a page of another program', (response) => response.writeHead(404).end('not here')],
  ])('does not take %s for an answer', async (_, reply) => {
    replies = [reply];
    expect(await failure(client.getUnifiedStock('pen'))).toMatchObject({ code: 'unreadable_answer' });
  });

  it('does not take a part for the whole', async () => {
    replies = [json(200, { items: { pen: answerFor('pen') } })];
    expect(await failure(client.getUnifiedStockBulk(['pen', 'ink']))).toMatchObject({
      code: 'unreadable_answer',
      message: 'the answer leaves out ink',
    });
  });

  it('passes over what a newer API adds', async () => {
    replies = [json(200, { ...answerFor('pen'), channel: 'web' })];
    expect(await client.getUnifiedStock('pen')).toEqual(answerFor('pen'));
  });

  it('does not follow to another server with its key', async () => {
    replies = [(response) => response.writeHead(302, { location: '/elsewhere' }).end()];
    expect(await failure(client.getUnifiedStock('pen'))).toMatchObject({
      code: 'unreadable_answer',
      status: 302,
    });
    expect(asked).toHaveLength(1);
  });

  it('says when nobody is there', async () => {
    const nobody = openClient({ name: 'shop', url: 'http://127.0.0.1:9', apiKey: 'a-key' });
    const error = await failure(nobody.getUnifiedStock('pen'));
    expect(error).toMatchObject({ code: 'unreachable', status: undefined });
    expect(error.message).toContain('no answer from http://127.0.0.1:9: ');
  });
});
