import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request that the server was sent. */
export type Call = Readonly<{
  method: string;
  path: string;
  query: URLSearchParams;
  authorization: string;
  body: string;
  /** Milliseconds, of a clock that only goes forward */
  at: number;
}>;

/** `date: null` leaves the header out; `hangUp` cuts the connection instead of answering. */
export type Answer = Readonly<{
  status?: number;
  body?: string;
  date?: string | null;
  headers?: Readonly<Record<string, string>>;
  hangUp?: true;
}>;

/** By path: what to answer, the last one for ever; or how to find it out. */
export type Answers = Readonly<
  Record<string, readonly Answer[] | ((call: Call, count: number) => Answer | Promise<Answer>)>
>;

export const DATE = 'Wed, 07 Jan 2026 10:30:00 GMT';
export const TOKEN_PATH = '/oauth/v2/token';
export const DETAILS = '/inventory/v1/itemdetails';
export const ITEMS = '/inventory/v1/items';

export const json = (body: unknown, rest: Omit<Answer, 'body'> = {}): Answer => ({
  body: JSON.stringify(body),
  ...rest,
});

export const TOKEN = { access_token: '1000.fresh', expires_in: 3600, token_type: 'Bearer' };

export type ZohoServer = Awaited<ReturnType<typeof zohoThat>>;

/** Zoho and its accounts server in one: answers by path and remembers what it was asked. */
export const zohoThat = async (answers: Answers) => {
  const calls: Call[] = [];
  let inFlight = 0;
  let busiest = 0;

  const find = async (call: Call, count: number): Promise<Answer> => {
    const given = answers[call.path] ?? [];
    if (typeof given === 'function') return given(call, count);
    return given[count] ?? given.at(-1) ?? { status: 500, body: '?' };
  };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const url = new URL(request.url ?? '', 'http://zoho');
    const call: Call = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      authorization: request.headers.authorization ?? '',
      body: Buffer.concat(chunks).toString('utf8'),
      at: performance.now(),
    };
    const count = calls.filter(({ path }) => path === call.path).length;
    calls.push(call);
    const isCounted = call.path !== TOKEN_PATH;
    if (isCounted) busiest = Math.max(busiest, ++inFlight);
    const { status = 200, body = '', date = DATE, headers = {}, hangUp } = await find(call, count);
    if (isCounted) inFlight -= 1;
    if (hangUp) return request.socket.destroy();
    response.sendDate = false;
    if (date !== null) response.setHeader('date', date);
    return response.writeHead(status, headers).end(body);
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    to: (path: string) => calls.filter((call) => call.path === path),
    /** The most calls to the API that were in flight at once */
    busiest: () => busiest,
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
};

/** Gives out the token, and answers the rest as told. */
export const zohoWithToken = (answers: Answers) => zohoThat({ [TOKEN_PATH]: [json(TOKEN)], ...answers });
