import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { loadConfig } from '../config/load-config';
import { platformModule } from '../platform.module';
import { Health, type PartHealth, probe } from './health';

type Check = () => Promise<PartHealth>;

const says =
  (status: PartHealth['status']): Check =>
  () =>
    Promise.resolve({ status });
const rejects: Check = () => Promise.reject(new Error('connection lost'));
const rejectsWithText: Check = () => Promise.reject('lost');
const throws: Check = () => {
  throw new Error('not even a promise');
};

const healthOf = (parts: Readonly<Record<string, Check>>): Health => {
  const health = new Health();
  for (const [part, check] of Object.entries(parts)) health.register(part, check);
  return health;
};

describe('the health of a process', () => {
  it.each<{ what: string; parts: Record<string, Check>; ready: boolean; reported: unknown }>([
    { what: 'no part', parts: {}, ready: true, reported: {} },
    {
      what: 'a part that is up',
      parts: { inbox: says('up') },
      ready: true,
      reported: { inbox: { status: 'up' } },
    },
    {
      what: 'a part that is degraded',
      parts: { inbox: says('up'), cache: says('degraded') },
      ready: true,
      reported: { inbox: { status: 'up' }, cache: { status: 'degraded' } },
    },
    {
      what: 'a part that is down',
      parts: { inbox: says('up'), cache: says('degraded'), balances: says('down') },
      ready: false,
      reported: { inbox: { status: 'up' }, cache: { status: 'degraded' }, balances: { status: 'down' } },
    },
    {
      what: 'a check that fails',
      parts: { inbox: rejects, cache: says('up') },
      ready: false,
      reported: { inbox: { status: 'down', detail: 'connection lost' }, cache: { status: 'up' } },
    },
    {
      what: 'a check that fails with text',
      parts: { inbox: rejectsWithText },
      ready: false,
      reported: { inbox: { status: 'down', detail: 'lost' } },
    },
    {
      what: 'a check that throws at once',
      parts: { inbox: throws, cache: says('up') },
      ready: false,
      reported: { inbox: { status: 'down', detail: 'not even a promise' }, cache: { status: 'up' } },
    },
  ])('given $what: ready is $ready', async ({ parts, ready, reported }) => {
    expect(await healthOf(parts).check()).toEqual({ ready, parts: reported });
  });

  it('asks all parts at once', async () => {
    const begun: string[] = [];
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const waits =
      (part: string): Check =>
      async () => {
        begun.push(part);
        await gate;
        return { status: 'up' };
      };
    const check = healthOf({ a: waits('a'), b: waits('b') }).check();
    await Promise.resolve();
    expect(begun).toEqual(['a', 'b']);
    release();
    expect((await check).ready).toBe(true);
  });

  it('asks again every time', async () => {
    const answers: PartHealth['status'][] = ['down', 'up'];
    const health = healthOf({ inbox: () => Promise.resolve({ status: answers.shift() ?? 'down' }) });
    expect((await health.check()).ready).toBe(false);
    expect((await health.check()).ready).toBe(true);
  });
});

describe('a probe', () => {
  const start = new Date('2026-01-07T10:30:00Z');
  beforeEach(() => {
    jest.useFakeTimers({ now: start });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const later = (millis: number) => new Promise<void>((resolve) => setTimeout(resolve, millis));
  const never = () => new Promise<void>(() => {});

  it('says how long the answer took', async () => {
    const asked = probe(() => later(250))();
    await jest.advanceTimersByTimeAsync(250);
    expect(await asked).toEqual({ status: 'up', since: '2026-01-07T10:30:00.250Z', latencyMs: 250 });
  });

  it('is down after a second without an answer', async () => {
    let answered = false;
    const asked = probe(never)().finally(() => {
      answered = true;
    });
    await jest.advanceTimersByTimeAsync(999);
    expect(answered).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect(await asked).toEqual({
      status: 'down',
      since: '2026-01-07T10:30:01.000Z',
      error: 'no answer within 1000 ms',
    });
  });

  it.each([
    { what: 'fails', ask: () => Promise.reject(new Error('refused')), error: 'refused' },
    { what: 'fails with text', ask: () => Promise.reject('refused'), error: 'refused' },
    {
      what: 'throws at once',
      ask: () => {
        throw new Error('not connected');
      },
      error: 'not connected',
    },
  ])('is down when the question $what', async ({ ask, error }) => {
    expect(await probe(ask)()).toEqual({ status: 'down', since: start.toISOString(), error });
  });

  it('leaves no timer behind', async () => {
    await probe(() => Promise.resolve())();
    await probe(() => Promise.reject(new Error('refused')))();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('remembers since when the answer is what it is', async () => {
    let up = true;
    const ask = probe(() => (up ? Promise.resolve() : Promise.reject(new Error('refused'))));
    const since = async () => (await ask()).since;
    expect(await since()).toBe('2026-01-07T10:30:00.000Z');
    jest.setSystemTime(new Date('2026-01-07T10:31:00Z'));
    expect(await since()).toBe('2026-01-07T10:30:00.000Z');
    up = false;
    expect(await since()).toBe('2026-01-07T10:31:00.000Z');
    jest.setSystemTime(new Date('2026-01-07T10:32:00Z'));
    expect(await since()).toBe('2026-01-07T10:31:00.000Z');
    up = true;
    expect(await since()).toBe('2026-01-07T10:32:00.000Z');
  });
});

describe('over HTTP', () => {
  @Module({ imports: [platformModule(loadConfig([], { LOG_LEVEL: 'silent' }))] })
  class App {}

  let app: INestApplication;
  let status: PartHealth['status'] = 'up';
  beforeAll(async () => {
    app = await NestFactory.create(App, { logger: false });
    app.get(Health).register('inbox', () => Promise.resolve({ status }));
    await app.listen(0, '127.0.0.1');
  });
  afterAll(() => app.close());

  const get = async (path: string) => fetch(`${await app.getUrl()}/${path}`);

  it.each([
    { part: 'up', code: 200, said: 'ready' },
    { part: 'degraded', code: 200, said: 'ready' },
    { part: 'down', code: 503, said: 'not ready' },
  ] as const)('a process whose part is $part is $said ($code), and lives', async ({ part, code, said }) => {
    status = part;
    const ready = await get('health/ready');
    expect(ready.status).toBe(code);
    expect(await ready.json()).toEqual({ status: said, parts: { inbox: { status: part } } });
    const live = await get('health/live');
    expect(live.status).toBe(200);
    expect(await live.json()).toEqual({ status: 'live' });
  });

  it('metrics are open, as text', async () => {
    const metrics = await get('metrics');
    expect(metrics.status).toBe(200);
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain;.*version=0\.0\.4/);
  });
});
