import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type AlertName,
  type AlertNotice,
  driftIdSchema,
  encodeEvent,
  instantFrom,
  itemIdSchema,
  type Naming,
  runIdSchema,
  type Severity,
  type StockEvent,
  warehouseIdSchema,
  zero,
} from '@tallystream/contracts';
import { storeWebhook } from '@tallystream/inbox';
import {
  type BatchConsumer,
  JETSTREAM,
  type JetStreamConnection,
  JetStreamModule,
  JetStreamServer,
  type MessageConsumer,
  publish,
} from '@tallystream/jetstream';
import { loadConfig, NAMING, platformModule } from '@tallystream/platform';
import type { Redis } from '@tallystream/redis';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import type { ZohoClient } from '@tallystream/zoho';
import { register } from 'prom-client';
import { OPENING } from '../first-start';
import { ReconcilerModule } from '../reconciler.module';
import { noStats, type Run } from '../runs/run';
import { RunBook } from '../runs/run-book';
import { stockSweep } from '../runs/usual-runs';
import { REDIS, ZOHO } from '../tokens';
import { WatchTurn } from '../watch/watch-turn';
import { Alerts } from './alerts';
import { Verifications } from './verifications';

jest.setTimeout(120_000);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const CALLS_A_DAY = 10;
const json = { 'content-type': 'application/json' };

/** What `ALERT_WEBHOOK_URL` was told; answers as it is asked to. */
const receiver = async () => {
  const told: AlertNotice[] = [];
  const answers: number[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const status = answers.shift() ?? 200;
      if (status === 200) told.push(JSON.parse(Buffer.concat(chunks).toString()));
      response.writeHead(status).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    told,
    answers,
    url: `http://127.0.0.1:${port}/hook`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

/** As much of Zoho as it takes to spend calls on it. */
const zohoThatHasNothing = async () => {
  const token = { access_token: 'test', expires_in: 3_600, token_type: 'Bearer' };
  const server = createServer((request, response) => {
    const body = request.url?.includes('/oauth/') ? token : { code: 0, message: 'success', locations: [] };
    response.writeHead(200, { ...json, date: new Date().toUTCString() }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

describe('the table of alerts, each row brought about', () => {
  const { natsUrl, databaseUrl, redisUrl } = testServers();
  const { namespace } = freshNaming();
  let hook: Awaited<ReturnType<typeof receiver>>;
  let zoho: Awaited<ReturnType<typeof zohoThatHasNothing>>;
  let app: INestApplication;
  let connection: JetStreamConnection;
  let naming: Naming;
  let events: AlertNotice[];
  /** Time goes on by leaps, so that nobody has to wait. */
  let now = Date.now();

  const start = async (): Promise<INestApplication> => {
    const config = loadConfig([], {
      NATS_URL: natsUrl,
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      NAMESPACE: namespace,
      SALES_WAREHOUSE_ID: 'main',
      LOG_LEVEL: 'silent',
      ZOHO_API_BASE_URL: zoho.url,
      ZOHO_ACCOUNTS_URL: zoho.url,
      ZOHO_CLIENT_ID: 'test',
      ZOHO_CLIENT_SECRET: 'test',
      ZOHO_REFRESH_TOKEN: 'test',
      ZOHO_ORGANIZATION_ID: '1',
      ZOHO_SYNC_ENABLED: 'false',
      ZOHO_DAILY_LIMIT: String(CALLS_A_DAY),
      WORKING_DAYS: '0,1,2,3,4,5,6',
      // Here the test says when.
      WATCH_EVERY_SECONDS: '3600',
      ALERT_WEBHOOK_URL: hook.url,
    });
    const root = {
      module: class App {},
      imports: [platformModule(config), JetStreamModule, ReconcilerModule],
    };
    const opened = await NestFactory.create(root, { logger: false });
    opened.connectMicroservice({ strategy: opened.get(JetStreamServer) });
    await opened.startAllMicroservices();
    await opened.init();
    return opened;
  };

  beforeAll(async () => {
    [hook, zoho] = await Promise.all([receiver(), zohoThatHasNothing()]);
    app = await start();
    naming = app.get(NAMING);
    connection = app.get(JETSTREAM);
    const nats = await connection.ready();
    events = [];
    nats.subscribe(naming.subject('alert.>'), { callback: (_, message) => events.push(message.json()) });
    await eventually(() => app.get(Alerts).assess(now));
  });
  beforeEach(() => {
    events.length = 0;
    hook.told.length = 0;
  });
  /** As when the process ends: its connection to Redis ends with it. */
  const stop = async (one: INestApplication): Promise<void> => {
    await one.close();
    one.get<Redis>(REDIS).disconnect();
  };
  afterAll(async () => {
    await stop(app);
    hook.close();
    zoho.close();
  });

  const assess = async (afterMs = MINUTE, by = app): Promise<void> => {
    now += afterMs;
    await by.get(Alerts).assess(now);
  };
  const toldOf = (name: AlertName) =>
    events.filter((event) => event.name === name).map(({ severity, status }) => `${severity} ${status}`);
  const shown = async (name: AlertName, severity: Severity) =>
    (await register.getSingleMetric('tally_alert')?.get())?.values.find(
      ({ labels }) => labels.name === name && labels.severity === severity,
    )?.value;

  /** Assesses until what was just done is seen: it comes by way of streams and stores. */
  const becomes = async (name: AlertName, expected: string) => {
    await eventually(async () => {
      await assess(0);
      expect(toldOf(name).at(-1)).toBe(expected);
    });
  };
  const raisedOnce = async (name: AlertName, severity: Severity) => {
    await becomes(name, `${severity} raised`);
    await assess();
    await assess();
    expect(toldOf(name).filter((one) => one.startsWith(severity))).toEqual([`${severity} raised`]);
    expect(await shown(name, severity)).toBe(1);
  };
  const clearedOnce = async (name: AlertName, severity: Severity) => {
    await eventually(async () => {
      await assess();
      expect(toldOf(name).at(-1)).toBe(`${severity} cleared`);
    });
    await assess();
    expect(toldOf(name).filter((one) => one.endsWith('cleared'))).toEqual([`${severity} cleared`]);
    expect(await shown(name, severity)).toBe(0);
    const posted = hook.told.filter((notice) => notice.name === name);
    expect(posted.map(({ status }) => status)).toEqual(toldOf(name).map((one) => one.split(' ')[1]));
  };

  const saveRun = async (more: Omit<Partial<Run>, 'runId'> & Readonly<{ runId: string }>): Promise<void> => {
    const { parameters } = stockSweep(100);
    const at = instantFrom(now);
    const run = {
      kind: 'stock',
      parameters,
      requestedBy: 'test',
      requestedAt: at,
      startedAt: instantFrom(now - MINUTE),
      updatedAt: at,
      finishedAt: at,
      status: 'completed',
      phase: 'done',
      nextPage: 1,
      apiCalls: 0,
      driftFound: 0,
      resumed: 0,
      failures: [],
      ...more,
      stats: { ...noStats, processed: 1_000, successful: 1_000, ...more.stats },
    };
    const subject = naming.runStateSubject(runIdSchema.parse(more.runId));
    await publish(connection, { subject, headers: json, data: Buffer.from(JSON.stringify(run)) });
    await eventually(() => {
      if (!app.get(RunBook).find(more.runId)) throw new Error(`${more.runId} has not been seen`);
    });
    now += 1_000;
  };
  const forgetRuns = async (): Promise<void> => {
    // What was more than a day ago says nothing of today.
    now += 25 * HOUR;
  };

  describe('backlog', () => {
    const consumer: MessageConsumer = {
      name: 'translator',
      stream: 'ZOHO_INBOX',
      filter: 'zoho.inbox.>',
      concurrency: 10,
    };
    const serve = (handle: () => Promise<void>): JetStreamServer => {
      const server = new JetStreamServer({ connection, naming, fatal: (error) => fail(error) });
      server.addHandler('translator', handle, false, { kind: 'message', consumer });
      server.listen(() => undefined);
      return server;
    };
    const send = (count: number) =>
      Promise.all(
        Array.from({ length: count }, () =>
          storeWebhook(connection, naming, {
            entity: 'invoice',
            event: 'created',
            url: '/',
            headers: {},
            contentType: 'application/json',
            body: Buffer.from(JSON.stringify({ id: randomUUID() })),
          }),
        ),
      );

    /** A consumer that is busy until it is let go. */
    const held = () => {
      let open: () => void = () => undefined;
      const opened = new Promise<void>((resolve) => {
        open = resolve;
      });
      return { opened, open: () => open() };
    };

    it('of the inbox is raised and cleared, with each severity', async () => {
      const { opened, open } = held();
      const server = serve(() => opened);
      await send(60);
      await raisedOnce('backlog', 'warning');
      await send(150);
      await raisedOnce('backlog', 'critical');
      open();
      await clearedOnce('backlog', 'critical');
      await server.close();
    });

    it('of the inbox is raised by the age of a single webhook, too', async () => {
      const { opened, open } = held();
      const server = serve(() => opened);
      await send(1);
      now = Date.now() + 31_000;
      await raisedOnce('backlog', 'warning');
      now = Date.now() + 5 * MINUTE + 1_000;
      await raisedOnce('backlog', 'critical');
      open();
      await clearedOnce('backlog', 'critical');
      await server.close();
    });

    it('of a projection is raised and cleared, and named', async () => {
      const { opened, open } = held();
      const balances: BatchConsumer = {
        name: 'balances',
        stream: 'STOCK',
        filter: 'stock.changed.>',
        maxBatch: 10,
      };
      const server = new JetStreamServer({ connection, naming, fatal: (error) => fail(error) });
      server.addHandler('balances:start', async () => ({ after: 0 }), false, { kind: 'start' });
      server.addHandler('balances', () => opened, false, { kind: 'batch', consumer: balances });
      server.listen(() => undefined);
      const level = { itemId: itemIdSchema.parse('cup'), warehouseId: warehouseIdSchema.parse('main') };
      for (let n = 0; n < 70; n += 1)
        await publish(connection, {
          subject: naming.levelSubject(level),
          headers: json,
          data: Buffer.from('{}'),
        });
      now = Date.now();
      await raisedOnce('backlog', 'warning');
      expect(events.find(({ name }) => name === 'backlog')?.detail).toMatch(/^\d+ wait for balances/);
      open();
      await clearedOnce('backlog', 'warning');
      await server.close();
    });
  });

  it('sync success', async () => {
    await saveRun({ runId: 'good' });
    await saveRun({ runId: 'bad', status: 'failed' });
    await raisedOnce('sync-success', 'critical');
    await forgetRuns();
    await saveRun({ runId: 'good-again' });
    await clearedOnce('sync-success', 'critical');
  });

  it('sync success, of which a little is missing', async () => {
    await forgetRuns();
    for (let n = 1; n <= 18; n += 1) await saveRun({ runId: `well-${n}` });
    await saveRun({ runId: 'not-well', status: 'failed' });
    await raisedOnce('sync-success', 'warning');
    for (let n = 19; n <= 26; n += 1) await saveRun({ runId: `well-${n}` });
    await clearedOnce('sync-success', 'warning');
  });

  it('failed items, very many', async () => {
    await saveRun({ runId: 'very-lossy', stats: { ...noStats, processed: 1_000, failed: 60 } });
    await raisedOnce('failed-items', 'critical');
    await saveRun({ runId: 'not-lossy', stats: { ...noStats, processed: 1_000, failed: 0 } });
    await clearedOnce('failed-items', 'critical');
  });

  it('failed items', async () => {
    await saveRun({ runId: 'lossy', stats: { ...noStats, processed: 1_000, failed: 20 } });
    await raisedOnce('failed-items', 'warning');
    await saveRun({ runId: 'lossless', stats: { ...noStats, processed: 1_000, failed: 0 } });
    await clearedOnce('failed-items', 'warning');
  });

  it('run duration', async () => {
    await forgetRuns();
    for (const n of [1, 2, 3, 4, 5]) await saveRun({ runId: `usual-${n}` });
    await saveRun({
      runId: 'slow',
      startedAt: instantFrom(now - 3 * MINUTE),
      status: 'running',
      finishedAt: undefined,
    });
    await raisedOnce('run-duration', 'warning');
    await saveRun({ runId: 'quick' });
    await clearedOnce('run-duration', 'warning');
  });

  it('age of the stock', async () => {
    const ended = instantFrom(Date.now() - 2 * HOUR);
    await saveRun({ runId: 'long-ago', finishedAt: ended, startedAt: ended });
    await raisedOnce('stock-age', 'warning');
    await saveRun({ runId: 'just-now', finishedAt: instantFrom(Date.now()) });
    await clearedOnce('stock-age', 'warning');
  });

  it('age of the stock, very old', async () => {
    const ended = instantFrom(Date.now() - 5 * HOUR);
    await saveRun({ runId: 'very-long-ago', finishedAt: ended, startedAt: ended });
    await raisedOnce('stock-age', 'critical');
    await saveRun({ runId: 'now-again', finishedAt: instantFrom(Date.now()) });
    await clearedOnce('stock-age', 'critical');
  });

  it('count of the items', async () => {
    await saveRun({
      runId: 'few-items',
      finishedAt: instantFrom(Date.now()),
      stats: { ...noStats, processed: 400, successful: 400 },
    });
    await raisedOnce('stock-age', 'critical');
    await saveRun({ runId: 'enough-items', finishedAt: instantFrom(Date.now()) });
    await clearedOnce('stock-age', 'critical');
  });

  it('dead letters', async () => {
    const die = () =>
      publish(connection, {
        subject: naming.deadLetterSubject('translator', 'bad_field'),
        headers: {},
        data: Buffer.from('{}'),
      });
    const letters = [await die()];
    await raisedOnce('dead-letters', 'warning');
    letters.push(...(await Promise.all(Array.from({ length: 20 }, die))));
    await raisedOnce('dead-letters', 'critical');
    for (const { seq } of letters) {
      const state = {
        deadLetter: seq,
        consumer: 'translator',
        reason: 'bad_field',
        status: 'discarded',
        at: instantFrom(Date.now()),
        by: 'test',
      };
      await publish(connection, {
        subject: naming.deadLetterStateSubject(seq),
        headers: json,
        data: Buffer.from(JSON.stringify(state)),
      });
    }
    await clearedOnce('dead-letters', 'critical');
  });

  it('open drift', async () => {
    const cause = { kind: 'sync', id: 'run-1', actor: 'reconciler' } as const;
    const [itemId, warehouseId] = [itemIdSchema.parse('pen'), warehouseIdSchema.parse('main')];
    const found = Date.now();
    const ids = Array.from({ length: 21 }, (_, n) => driftIdSchema.parse(`d-${n}`));
    const append = async (event: Extract<StockEvent, { type: 'DriftDetected' | 'DriftResolved' }>) =>
      publish(connection, {
        subject: naming.driftSubject(event.data.driftId),
        ...encodeEvent(event, { id: randomUUID(), time: new Date().toISOString() }),
      });
    const detect = (driftId: (typeof ids)[number], at: number) =>
      append({
        type: 'DriftDetected',
        data: {
          driftId,
          itemId,
          warehouseId,
          side: 'accounting',
          verdict: 'held',
          difference: { onHand: 40 },
          zoho: { ...zero, onHand: 160 },
          ledger: { ...zero, onHand: 120 },
          revision: 42,
          asOf: instantFrom(at),
          runId: runIdSchema.parse('run-1'),
          lookedUp: [],
          lastEvents: [],
          cause,
          occurredAt: instantFrom(at),
        },
      });
    const [first, ...others] = ids;
    if (!first) throw new Error('no drift');
    await detect(first, found - 2 * HOUR);
    await raisedOnce('open-drift', 'warning');
    for (const driftId of others) await detect(driftId, found);
    await raisedOnce('open-drift', 'critical');
    for (const driftId of ids)
      await append({
        type: 'DriftResolved',
        data: {
          driftId,
          itemId,
          warehouseId,
          side: 'accounting',
          resolution: 'rejected',
          note: 'counted',
          cause: { kind: 'drift', id: driftId, actor: 'test' },
          occurredAt: instantFrom(found),
        },
      });
    await clearedOnce('open-drift', 'critical');
  });

  it('no webhook while sweeps find changes', async () => {
    await saveRun({ runId: OPENING, finishedAt: instantFrom(now - 30 * HOUR) });
    await saveRun({ runId: 'finds', stats: { ...noStats, processed: 1_000, levelsChanged: 3 } });
    now += 25 * HOUR;
    await saveRun({ runId: 'finds-again', stats: { ...noStats, processed: 1_000, levelsChanged: 1 } });
    await raisedOnce('no-webhook', 'warning');
    now = Date.now() + HOUR;
    await storeWebhook(connection, naming, {
      entity: 'invoice',
      event: 'created',
      url: '/',
      headers: {},
      contentType: 'application/json',
      body: Buffer.from(randomUUID()),
    });
    await clearedOnce('no-webhook', 'warning');
  });

  it('quota of Zoho', async () => {
    const client: ZohoClient = app.get(ZOHO);
    const redis: Redis = app.get(REDIS);
    const spend = async (left: number) => {
      for (let n = 0; n < CALLS_A_DAY && (await client.budget()).day.remaining > left; n += 1)
        await client.warehouses({ priority: 'operator' });
      expect((await client.budget()).day.remaining).toBe(left);
    };
    await spend(1);
    await raisedOnce('zoho-quota', 'warning');
    await spend(0);
    await raisedOnce('zoho-quota', 'critical');
    // A new day.
    const keys = await redis.keys(naming.redisKey('zoho:*'));
    expect(keys.length).toBeGreaterThan(0);
    await redis.del(...keys);
    await clearedOnce('zoho-quota', 'critical');
  });

  it('verification of the ledger', async () => {
    const verify = (runId: string, stats: Record<string, number>) => {
      now += 1_000;
      const at = instantFrom(now);
      const run = { runId, kind: 'verify', status: 'completed', finishedAt: at, stats };
      const subject = naming.runStateSubject(runIdSchema.parse(runId));
      return publish(connection, { subject, headers: json, data: Buffer.from(JSON.stringify(run)) });
    };
    await verify('verify-1', { broken: 2, ledger: 0, balances: 2 });
    await raisedOnce('ledger-verify', 'critical');
    // It says nothing of the balances.
    await verify('verify-2', { broken: 1, ledger: 1 });
    await eventually(async () =>
      expect(await app.get(Verifications).newest()).toEqual({ runId: 'verify-2', count: 3 }),
    );
    await verify('verify-3', { broken: 0, ledger: 0, balances: 0 });
    await clearedOnce('ledger-verify', 'critical');
  });

  describe('whoever is told', () => {
    const die = () =>
      publish(connection, {
        subject: naming.deadLetterSubject('observer', 'bad_request'),
        headers: {},
        data: Buffer.from('{}'),
      });

    it('is told what could not be brought when it can be, and never twice, through a restart', async () => {
      // All tries of the first time fail.
      hook.answers.push(500, 500, 500);
      await die();
      await becomes('dead-letters', 'warning raised');
      expect(hook.told).toEqual([]);
      await stop(app);
      app = await start();
      connection = app.get(JETSTREAM);
      await eventually(() => assess());
      expect(hook.told).toMatchObject([{ name: 'dead-letters', severity: 'warning', status: 'raised' }]);
      expect(hook.told[0]).toHaveProperty(
        'text',
        'Tallystream: dead-letters raised (warning): 1 messages could not be handled. See docs/runbook.md#dead-letters',
      );
      await assess();
      expect(hook.told).toHaveLength(1);
      expect(await shown('dead-letters', 'warning')).toBe(1);
    });

    it('is told by one replica, and by another when that is gone', async () => {
      const second = await start();
      try {
        await second.get<JetStreamConnection>(JETSTREAM).ready();
        const at = Date.now();
        const turns = await Promise.all(
          [app, second, app, second].map((one) => one.get(WatchTurn).take(MINUTE, at)),
        );
        expect(turns.filter(Boolean)).toHaveLength(1);
        expect(await second.get(WatchTurn).take(MINUTE, at + MINUTE / 2)).toBe(false);
        expect(await second.get(WatchTurn).take(MINUTE, at + MINUTE)).toBe(true);
      } finally {
        await stop(second);
      }
    });
  });
});
