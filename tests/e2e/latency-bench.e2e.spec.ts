import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { Client } from 'pg';
import { VoidRun } from '../bench/bench';
import type { LoadTasks } from '../bench/ingest/load.worker';
import { SECRET, WAREHOUSE } from '../bench/ingest/webhooks';
import { type Effects, openEffects } from '../bench/latency/effects';
import { round } from '../bench/latency/round';
import type { WatchTasks } from '../bench/latency/watch.worker';
import { startWorker, type Worker } from '../bench/worker';
import { type System, startSystem } from './system';

/** What a hop between the load and the system does to the third webhook that comes to it. */
type Fate = 'passed on' | 'lost after its answer' | 'cut off' | 'never answered' | 'refused';

const COUNT = 10;

describe('a measured round', () => {
  let system: System;
  let effects: Effects;
  let load: Worker<LoadTasks>;
  let watcher: Worker<WatchTasks>;
  let hop: Server;
  let fate: Fate;
  let came: number;
  let first = 0;

  beforeAll(async () => {
    system = await startSystem({ env: { ZOHO_WEBHOOK_SECRET: SECRET, SALES_WAREHOUSE_ID: WAREHOUSE } });
    effects = await openEffects(place(), 2_000);
    load = startWorker<LoadTasks>(path.join(__dirname, '../bench/ingest/load.worker.ts'));
    watcher = startWorker<WatchTasks>(path.join(__dirname, '../bench/latency/watch.worker.ts'));
    hop = createServer((incoming, response) => {
      came += 1;
      if (came === 3 && fate !== 'passed on') return fates[fate](response);
      passOn(incoming, response);
    });
    await new Promise<void>((resolve) => hop.listen(0, '127.0.0.1', resolve));
  }, 60_000);
  afterAll(async () => {
    hop?.closeAllConnections();
    await Promise.all([hop?.close(), load?.stop(), watcher?.stop(), effects?.close(), system?.stop()]);
  });

  const place = () => ({
    redisUrl: system.servers.redisUrl,
    databaseUrl: system.servers.databaseUrl,
    namespace: system.naming.namespace,
  });

  const fates: Record<Exclude<Fate, 'passed on'>, (response: ServerResponse) => void> = {
    'lost after its answer': (response) => answer(response, 202),
    'cut off': (response) => response.destroy(),
    'never answered': () => undefined,
    refused: (response) => answer(response, 503),
  };
  const answer = (response: ServerResponse, status: number) =>
    void response.writeHead(status, { 'content-length': 2 }).end('{}');
  const passOn = (incoming: IncomingMessage, response: ServerResponse) => {
    const { method, headers, url } = incoming;
    const onward = request(new URL(url ?? '', system.url), { method, headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 500, reply.headers);
      reply.pipe(response);
    });
    incoming.pipe(onward);
  };

  const measure = (what: Fate) => {
    fate = what;
    came = 0;
    first += COUNT;
    const { port } = hop.address() as AddressInfo;
    return round({ port, place: place(), load, watcher, effects }, { rate: 20, first, count: COUNT });
  };

  it('has figures when every webhook was answered, and had its effect in every store', async () => {
    const { answered, Redis, Postgres, audit } = await measure('passed on');
    for (const { p50, p99, p999 } of [answered, Redis, Postgres, audit]) {
      expect(p50).toBeGreaterThan(0);
      expect(p99).toBeGreaterThanOrEqual(p50);
      expect(p999).toBeGreaterThanOrEqual(p99);
    }
    // Nothing is visible before it is known.
    expect(Math.min(Redis.p50, Postgres.p50, audit.p50)).toBeGreaterThan(answered.p50 / 2);
  });

  it.each<[Fate, string]>([
    ['lost after its answer', `1 of ${COUNT} webhooks have no effect`],
    ['cut off', `${COUNT} sent, 9 completed, 0 missing, 1 cut off`],
    ['never answered', `${COUNT} sent, 9 completed, 1 missing, 0 cut off`],
    ['refused', 'not every webhook was accepted'],
  ])('is void when one is %s', async (what, reason) => {
    const outcome = await measure(what).catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(VoidRun);
    expect(String(outcome)).toContain(reason);
  });

  it('is void when a store holds something else', async () => {
    const postgres = new Client({ connectionString: place().databaseUrl });
    await postgres.connect();
    const balances = `${place().namespace}.balances`;
    await postgres.query(
      `UPDATE ${balances} SET revision = revision + 1 WHERE item_id = (SELECT min(item_id) FROM ${balances})`,
    );
    await postgres.end();
    await expect(measure('passed on')).rejects.toThrow(/^1 of \d+ levels differ/);
  });
});
