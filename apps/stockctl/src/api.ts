import { z } from 'zod';
import type { Where } from './where';

/** What the server said, as it is, and as far as it is understood here. */
export type Answer<T> = Readonly<{ raw: unknown; value: T }>;

/** The HTTP API of one Tallystream. All of it throws Refusal, Unreachable or Unreadable. */
export type Api = Readonly<{
  url: string;
  get: <T>(path: string, schema: z.ZodType<T>) => Promise<Answer<T>>;
  post: <T>(path: string, body: object, schema: z.ZodType<T>, headers?: Headers) => Promise<Answer<T>>;
  /** For what is no JSON, and for what answers well with another status than 2xx. */
  open: (path: string, init?: RequestInit) => Promise<Response>;
}>;
type Headers = Readonly<Record<string, string>>;

const problemSchema = z.object({
  title: z.string().optional(),
  detail: z.string().optional(),
  code: z.string().optional(),
  runId: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
export type RefusalProblem = Readonly<z.infer<typeof problemSchema>>;

/** The server understood, and said no. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly problem: RefusalProblem,
    readonly raw: unknown,
    message: string,
  ) {
    super(message);
  }
}

/** Nobody answered. */
export class Unreachable extends Error {}

/** Somebody answered who is no Tallystream, or another release of it. */
export class Unreadable extends Error {}

/** So long may an answer take. Whatever takes longer is a run, and is asked for again and again. */
const ANSWER_MS = 60_000;

export const apiAt = ({ url, key }: Where): Api => {
  const open = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { ...init.headers, ...(key ? { authorization: `Bearer ${key}` } : {}) };
    try {
      // A redirect would lead the key elsewhere, and make a GET of a POST.
      return await fetch(url + path, {
        signal: AbortSignal.timeout(ANSWER_MS),
        ...init,
        headers,
        redirect: 'manual',
      });
    } catch (error) {
      throw new Unreachable(`${url} cannot be reached: ${reasonOf(error)}`, { cause: error });
    }
  };
  const ask = async <T>(path: string, schema: z.ZodType<T>, init: RequestInit): Promise<Answer<T>> => {
    const response = await open(path, init);
    if (!response.ok) throw await refusalOf(response, `${init.method} ${path}`, key !== undefined);
    const raw = await bodyOf(response);
    const read = schema.safeParse(raw);
    if (!read.success) throw new Unreadable(`${url}${path} answered what stockctl does not understand`);
    return { raw, value: read.data };
  };
  return {
    url,
    open,
    get: (path, schema) => ask(path, schema, { method: 'GET' }),
    post: (path, body, schema, headers = {}) =>
      ask(path, schema, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
  };
};

/** `?a=1&b=2` of what is given. */
export const query = (parameters: Readonly<Record<string, string | number | undefined>>): string => {
  const given = Object.entries(parameters).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length > 0 ? `?${new URLSearchParams(given)}` : '';
};

const bodyOf = async (response: Response): Promise<unknown> => {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** What an answer that is no success says. */
export const refusalOf = async (
  response: Response,
  call = 'such stream',
  hasKey = true,
): Promise<Refusal> => {
  const raw = await bodyOf(response);
  const problem = problemSchema.safeParse(raw).data ?? {};
  return new Refusal(response.status, problem, raw, messageOf(response, problem, call, hasKey));
};

const messageOf = (
  { status, headers }: Response,
  { title, detail, errors = [] }: RefusalProblem,
  call: string,
  hasKey: boolean,
): string => {
  if (status === 401 && !hasKey) return 'A key is needed: set STOCKCTL_API_KEY';
  if (status >= 300 && status < 400)
    return `The server is elsewhere, at ${headers.get('location')}: use that address`;
  if (isUnknownRoute(status, detail))
    return `This server has no ${call.split('?')[0]}: is it another release?`;
  const fields = errors.map(({ path, message }) => `${path}: ${message}`);
  return fields.length > 0 ? fields.join('; ') : (detail ?? title ?? `${call} answered ${status}`);
};

/** As the framework says it, or a proxy that knows no such path. */
const isUnknownRoute = (status: number, detail: string | undefined): boolean =>
  (status === 404 || status === 405) && (detail === undefined || detail.startsWith('Cannot '));

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${ANSWER_MS / 1_000} s`;
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return cause.message || ('code' in cause ? String(cause.code) : cause.name);
};
