import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '@tallystream/testing';
import { SIGNATURE, shopCalls, signatureOf } from './shop-calls';

const SECRET = 'the-secret-of-the-shop';
const times = { timeoutMs: 30_000, firstPauseMs: 5, longestPauseMs: 20 };
const call = { itemIds: ['a', 'b'], seq: 7 };

type Heard = Readonly<{ path: string; headers: IncomingHttpHeaders; body: string }>;

describe('calling a shop', () => {
  let server: Server;
  let heard: Heard[];
  let failures: string[];
  let successes: number;
  /** What it answers, one after the other; the last for ever. `undefined`: never. */
  let answers: (number | undefined)[];
  let ending: AbortController;

  beforeEach(async () => {
    [heard, failures, successes, answers] = [[], [], 0, [204]];
    ending = new AbortController();
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(Buffer.from(chunk));
      const { url: path = '', headers } = request;
      heard.push({ path, headers, body: Buffer.concat(chunks).toString() });
      const status = answers.length > 1 ? answers.shift() : answers[0];
      if (status !== undefined) response.writeHead(status, { location: '/elsewhere' }).end('thank you');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    ending.abort();
    await new Promise((resolve) => server.close(resolve).closeAllConnections());
  });

  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=pw12`;
  const tell = (to = url(), timeoutMs = times.timeoutMs) =>
    shopCalls(
      { url: to, secret: SECRET },
      (failure) => {
        if (failure) failures.push(failure.message);
        else successes += 1;
      },
      { ...times, timeoutMs },
    )(call, ending.signal);

  it('says which items, up to where, and proves who says so and when', async () => {
    await tell();
    const [one] = heard;
    expect(heard).toHaveLength(1);
    expect(one?.path).toBe('/hook?token=pw12');
    expect(JSON.parse(one?.body ?? '')).toEqual(call);
    const [, seconds = '', hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(one?.headers[SIGNATURE])) ?? [];
    expect(Math.abs(Number(seconds) - Date.now() / 1_000)).toBeLessThan(60);
    expect(hex).toBe(createHmac('sha256', SECRET).update(`${seconds}.${one?.body}`).digest('hex'));
    expect([failures, successes]).toEqual([[], 1]);
  });

  it('the signature is as it is documented', () => {
    expect(signatureOf('{"itemIds":["1"],"seq":2}', 'a-secret-of-16-characters', 1_767_781_800)).toBe(
      't=1767781800,v1=fa9670c349f8dff3951652993bcbc076013d88eca95239bb98cf9d6f0d2cb8a9',
    );
  });

  it.each([400, 401, 404, 429, 500, 503])('is done again after %i, until it is taken', async (status) => {
    answers = [status, status, 200];
    await tell();
    expect(heard).toHaveLength(3);
    expect(failures).toEqual([`the shop answered ${status}`, `the shop answered ${status}`]);
    expect(new Set(heard.map(({ body }) => body)).size).toBe(1);
  });

  it.each([301, 302, 303, 307, 308])('follows no redirect (%i)', async (status) => {
    answers = [status, 200];
    await tell();
    expect(heard.map(({ path }) => path)).toEqual(['/hook?token=pw12', '/hook?token=pw12']);
    expect(failures).toEqual([`the shop answered ${status}`]);
  });

  it('gives up on an answer that does not come, and tries again', async () => {
    answers = [undefined, 200];
    await tell(url(), 500);
    expect(failures[0]).toBe('no answer within 500 ms');
  });

  it('says nothing of the address or the secret when nobody is there', async () => {
    const gone = url();
    await new Promise((resolve) => server.close(resolve).closeAllConnections());
    const telling = tell(gone);
    await eventually(() => expect(failures.length).toBeGreaterThan(1));
    ending.abort();
    await expect(telling).rejects.toThrow();
    expect(new Set(failures)).toEqual(new Set(['ECONNREFUSED']));
  });

  it('ends when it is to end, also in the middle', async () => {
    answers = [undefined];
    const telling = tell();
    await eventually(() => expect(heard).toHaveLength(1));
    ending.abort();
    await expect(telling).rejects.toThrow();
    expect(failures).toEqual([]);
  });
});
