import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApp } from '../app.module';
import type { Config } from '../config';
import { openSimulator, type Simulator } from '../simulator';
import { quietConfig } from './simulation';

export const ORG = 'organization_id=10234695';

type Body = Record<string, unknown>;
export type Answered = Readonly<{ status: number; headers: Headers; body: Body }>;
export type Running = Awaited<ReturnType<typeof startSimulator>>;

/** For specs: a simulator that answers on loopback, its time in the hands of the spec, and how to ask it. */
export const startSimulator = async (config: Partial<Omit<Config, 'host' | 'port'>> = {}) => {
  const wall = { now: Date.UTC(2025, 2, 1, 12, 0, 0) };
  const simulator: Simulator = openSimulator({ ...quietConfig, ...config }, () => wall.now);
  const app: NestExpressApplication = await createApp(simulator);
  await app.listen(0, '127.0.0.1');
  const base = await app.getUrl();

  const ask = async (path: string, init: RequestInit = {}): Promise<Answered> => {
    const response = await fetch(base + path, init);
    return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
  };
  const askToken = (form: Body = {}) =>
    ask('/oauth/v2/token', {
      method: 'POST',
      body: new URLSearchParams({ ...credentials, ...form } as Record<string, string>),
    });
  let token = String((await askToken()).body.access_token);

  return {
    simulator,
    wall,
    base,
    ask,
    askToken,
    /** A call of the API with the token that was issued last; `path` begins with the product. */
    zoho: (path: string, bearer = token): Promise<Answered> =>
      ask(withOrganization(path), { headers: { authorization: `Zoho-oauthtoken ${bearer}` } }),
    token: () => token,
    renewToken: async (): Promise<void> => {
      token = String((await askToken()).body.access_token);
    },
    show: (path: string): Promise<Answered> => ask(`/control/${path}`),
    control: (path: string, body?: unknown): Promise<Answered> =>
      ask(`/control/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    stop: async (): Promise<void> => {
      await simulator.close(0);
      await app.close();
    },
  };
};

const credentials = {
  grant_type: 'refresh_token',
  client_id: 'c',
  client_secret: 's',
  refresh_token: 'r',
};

const withOrganization = (path: string): string =>
  path.includes('organization_id') ? path : `${path}${path.includes('?') ? '&' : '?'}${ORG}`;
