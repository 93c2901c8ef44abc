export const ADMIN_KEY = 'e2e-admin-key-0123456789';
export const READER_KEY = 'e2e-reader-key-0123456789';

export type Request = Readonly<{
  method?: 'GET' | 'POST';
  /** Sent as JSON; a text is sent as it is. */
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  /** `''`: without one. */
  key?: string;
}>;

export type Answer<T> = Readonly<{ status: number; headers: Headers; body: T }>;

/** What a client program of the HTTP API does. */
export const apiAt = (url: string) => {
  const ask = async <T = Record<string, unknown>>(
    path: string,
    request: Request = {},
  ): Promise<Answer<T>> => {
    const { body, key = ADMIN_KEY } = request;
    const method = request.method ?? (body === undefined ? 'GET' : 'POST');
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...request.headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? '' : JSON.parse(text) };
  };
  return {
    url,
    ask,
    /** For what must be answered with 200. */
    get: async <T>(path: string): Promise<T> => {
      const { status, body } = await ask<T>(path);
      if (status !== 200) throw new Error(`${path} answered ${status}: ${JSON.stringify(body)}`);
      return body;
    },
    /** Server-sent events, until the stream ends by itself. */
    events: async (path: string): Promise<readonly ServerEvent[]> => {
      const response = await fetch(url + path, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
      return (await response.text()).split('\n\n').flatMap(eventFrom);
    },
  };
};

export type Api = ReturnType<typeof apiAt>;

export type ServerEvent = Readonly<{ event: string; data: Record<string, unknown> }>;

const eventFrom = (block: string): readonly ServerEvent[] => {
  const field = (name: string) => block.match(new RegExp(`^${name}: (.*)$`, 'm'))?.[1];
  const [event, data] = [field('event'), field('data')];
  return event === undefined || !data ? [] : [{ event, data: JSON.parse(data) }];
};
