import { randomUUID } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  encodeEvent,
  instantFrom,
  itemIdSchema,
  type Naming,
  type StockChanged,
  warehouseIdSchema,
  zero,
} from '@tallystream/contracts';
import {
  JETSTREAM,
  type JetStreamConnection,
  JetStreamModule,
  JetStreamServer,
  lastSequence,
  publishBatch,
} from '@tallystream/jetstream';
import { loadConfig, NAMING, platformModule } from '@tallystream/platform';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { EventSource } from 'eventsource';
import { register } from 'prom-client';
import { io, type Socket } from 'socket.io-client';
import { removeData, startNats, temporaryData } from '../../../../deploy/local/servers';
import { StockCacheModule } from '../stock-cache.module';

jest.setTimeout(180_000);

const KEY = 'reader-key-of-the-test';
const OTHER_KEY = 'other-key-of-the-test';
const FEW_KEY = 'few-key-of-the-test-00';
const MAX_OF_KEY = 40;
/** As long as thousands of changes may take on a machine that has other things to do. */
const BUSY_MS = 60_000;

type Change = Readonly<{ seq: number; itemId: string; warehouseId: string; revision: number }>;
type Changes = Readonly<{ items: readonly Change[]; nextSeq: number; hasMore: boolean }>;
type Refusal = Readonly<{ status: number; code: string; errors?: readonly { path: string }[] }>;
type Update = Readonly<{ productId: string; warehouseId: string; seq: number; revision: number }>;
type Ack = Readonly<{ ok: boolean; seq: number; error: Refusal }>;

describe('live updates', () => {
  const { databaseUrl, redisUrl } = testServers();
  const { namespace } = freshNaming();
  const data = temporaryData();
  let nats: Awaited<ReturnType<typeof startNats>>;
  let app: INestApplication;
  let url: string;
  let naming: Naming;
  let connection: JetStreamConnection;
  const revisions = new Map<string, number>();
  const opened: { close: () => unknown }[] = [];

  const start = async () => {
    const config = loadConfig([], {
      NATS_URL: nats.url,
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      NAMESPACE: namespace,
      SALES_WAREHOUSE_ID: 'main',
      API_KEYS: `shop:reader:${KEY},app:auditor:${OTHER_KEY},few:reader:${FEW_KEY}`,
      LIVE_MAX_CLIENTS: String(2 * MAX_OF_KEY - 10),
      LIVE_MAX_CLIENTS_PER_KEY: String(MAX_OF_KEY),
      LOG_LEVEL: 'silent',
    });
    const root = {
      module: class App {},
      imports: [platformModule(config), JetStreamModule, StockCacheModule],
    };
    app = await NestFactory.create(root, { logger: false });
    app.connectMicroservice({ strategy: app.get(JetStreamServer) });
    await app.startAllMicroservices();
    await app.listen(Number(url ? new URL(url).port : 0), '127.0.0.1');
    url = await app.getUrl();
    naming = app.get(NAMING);
    connection = app.get(JETSTREAM);
    await connection.ready();
    await eventually(async () => expect((await get('/stock/changes')).status).toBe(200));
  };

  /** As the ledger would. @returns the sequence of the last one */
  const record = (...levels: readonly string[]): Promise<number> => {
    const messages = levels.map((level) => {
      const [item, warehouse = 'main'] = level.split('@');
      const revision = (revisions.get(level) ?? 0) + 1;
      revisions.set(level, revision);
      const event: StockChanged = {
        itemId: itemIdSchema.parse(item),
        warehouseId: warehouseIdSchema.parse(warehouse),
        sku: 'قلم',
        revision,
        delta: { onHand: -1 },
        after: { ...zero, onHand: 1_000 - revision },
        provisional: false,
        baselineAsOf: instantFrom(0),
        reason: 'sale',
        document: { type: 'invoice', id: 'inv' as never, version: instantFrom(1_000) },
        cause: { kind: 'webhook', id: '1', actor: 'zoho' },
        occurredAt: instantFrom(1_000),
      };
      const encoded = encodeEvent(
        { type: 'StockChanged', data: event },
        { id: randomUUID(), time: instantFrom(0) },
      );
      return { subject: naming.levelSubject(event), ...encoded };
    });
    return publishBatch(connection, messages);
  };
  const many = async (count: number, levels: readonly string[]) => {
    for (let done = 0; done < count; done += 1_000)
      await record(
        ...Array.from(
          { length: Math.min(1_000, count - done) },
          (_, n) => levels[(done + n) % levels.length] ?? '',
        ),
      );
  };
  const end = () => lastSequence(connection, naming.stream('STOCK'));
  /** Until the process has seen what lies in the stream. @returns its end */
  const settled = () =>
    eventually(async () => {
      const last = await end();
      expect((await get('/stock/changes')).body.nextSeq).toBe(last);
      return last;
    }, BUSY_MS);

  const get = async <T = Changes>(path: string, headers: Record<string, string> = { 'x-api-key': KEY }) => {
    const response = await fetch(url + path, { headers });
    return {
      status: response.status,
      headers: response.headers,
      body: JSON.parse(await response.text()) as T,
    };
  };
  /** Until there is no more. */
  const poll = async (since: number, query = '') => {
    const seqs: number[] = [];
    for (let calls = 1; ; calls += 1) {
      const { body } = await get(`/stock/changes?since=${since}&limit=1000${query}`);
      seqs.push(...body.items.map(({ seq }) => seq));
      if (!body.hasMore) return { seqs, calls, nextSeq: body.nextSeq };
      expect(body.nextSeq).toBeGreaterThan(since);
      since = body.nextSeq;
    }
  };

  const listen = (query: string, key = KEY, lastEventId?: number) => {
    const source = new EventSource(`${url}/stock/stream${query}`, {
      fetch: (input, init) =>
        fetch(input, {
          ...init,
          headers: {
            ...init.headers,
            'x-api-key': key,
            ...(lastEventId === undefined ? {} : { 'Last-Event-ID': String(lastEventId) }),
          },
        }),
    });
    const view = {
      seqs: [] as number[],
      positions: [] as number[],
      problems: [] as (number | undefined)[],
      close: () => source.close(),
    };
    source.onmessage = ({ data: text }) => view.seqs.push(JSON.parse(text).seq);
    source.addEventListener('position', ({ lastEventId: id }) => view.positions.push(Number(id)));
    source.onerror = ({ code }) => view.problems.push(code);
    opened.push(view);
    return view;
  };
  const liveClients = async () => {
    const gauge = await register.getSingleMetric('tally_live_clients')?.get();
    return gauge?.values.reduce((total, { value }) => total + value, 0);
  };
  const isConnected = (view: ReturnType<typeof listen>) =>
    eventually(() => expect(view.positions.length).toBeGreaterThan(0));

  const dial = (auth: Record<string, unknown> = { token: KEY }, options = {}) => {
    const socket = io(url, { auth, forceNew: true, reconnectionDelay: 50, ...options });
    const view = {
      socket,
      updates: [] as Update[],
      seqs: () => view.updates.map(({ seq }) => seq),
      refusals: [] as Refusal[],
      ends: [] as string[],
      ask: (event: string, payload?: unknown): Promise<Ack> =>
        socket.timeout(5_000).emitWithAck(event, ...(payload === undefined ? [] : [payload])),
      close: () => socket.close(),
    };
    socket.on('inventory:update', (update: Update) => view.updates.push(update));
    socket.on('connect_error', (error: Error & { data?: Refusal }) => {
      if (error.data) view.refusals.push(error.data);
    });
    socket.on('disconnect', (reason: Socket.DisconnectReason) => view.ends.push(reason));
    opened.push(view);
    return view;
  };

  beforeAll(async () => {
    nats = await startNats({ dataDir: data, quiet: true, syncInterval: '2m' });
    await start();
    await record('first');
  });
  afterEach(() => {
    for (const one of opened.splice(0)) one.close();
  });
  afterAll(async () => {
    await app?.close();
    await nats?.stop();
    removeData(data);
  });

  describe('of pollers: refused', () => {
    it.each<[string, string]>([
      ['since=-1', 'since'],
      ['since=1.5', 'since'],
      ['since=yesterday', 'since'],
      ['since=', 'since'],
      ['since=9999999999999999', 'since'],
      ['since=1&since=2', 'since'],
      ['since=900000', 'since'],
      ['limit=0', 'limit'],
      ['limit=-5', 'limit'],
      ['limit=1001', 'limit'],
      ['limit=all', 'limit'],
      ['items=a.b', 'items'],
      ['items=', 'items'],
      [`items=${'1,'.repeat(501)}`, 'items'],
      ['warehouses=%D9%85', 'warehouses'],
    ])('%.40s: 400 with the field', async (query, field) => {
      const { status, body } = await get<Refusal>(`/stock/changes?${query}`);
      expect([status, body.code, body.errors?.[0]?.path.split('.')[0]]).toEqual([
        400,
        'invalid_request',
        field,
      ]);
    });

    it('what nobody knows: 400', async () => {
      expect((await get('/stock/changes?colour=red')).status).toBe(400);
    });

    it.each<Record<string, string>>([{}, { 'x-api-key': 'wrong' }])(
      'without a good key: 401',
      async (headers) => {
        expect((await get('/stock/changes', headers)).status).toBe(401);
        expect((await get('/stock/stream', headers)).status).toBe(401);
      },
    );
  });

  describe('of pollers', () => {
    it('without a position, says where the stream is', async () => {
      const last = await settled();
      expect((await get('/stock/changes')).body).toEqual({ items: [], nextSeq: last, hasMore: false });
    });

    it('a change says what reads say, and not who caused it', async () => {
      const seq = await record('shape@shop');
      await eventually(async () => {
        const { body } = await get(`/stock/changes?since=${seq - 1}`);
        expect(body.items).toEqual([
          {
            seq,
            itemId: 'shape',
            warehouseId: 'shop',
            sku: 'قلم',
            stock: 999,
            quantities: { ...zero, onHand: 999 },
            delta: { onHand: -1 },
            provisional: false,
            revision: 1,
            reason: 'sale',
            asOf: instantFrom(0),
            occurredAt: instantFrom(1_000),
            recordedAt: expect.stringMatching(/^\d{4}-.*Z$/),
          },
        ]);
      });
    });

    it('in order, page by page', async () => {
      const after = await end();
      const last = await record('a', 'b', 'a', 'c', 'b');
      await eventually(async () => {
        const one = (await get(`/stock/changes?since=${after}&limit=3`)).body;
        expect(one).toMatchObject({ nextSeq: after + 3, hasMore: true });
        const two = (await get(`/stock/changes?since=${one.nextSeq}&limit=3`)).body;
        expect(two).toMatchObject({ nextSeq: last, hasMore: false });
        expect([...one.items, ...two.items].map(({ seq, itemId }) => [seq - after, itemId])).toEqual([
          [1, 'a'],
          [2, 'b'],
          [3, 'a'],
          [4, 'c'],
          [5, 'b'],
        ]);
      });
    });

    it('only what is asked for, and the position moves where nothing is', async () => {
      const after = await end();
      const last = await record('a@main', 'a@shop', 'b@shop', 'c@main');
      const levels = async (query: string) => {
        const { body } = await get(`/stock/changes?since=${after}&${query}`);
        expect(body.nextSeq).toBe(last);
        return body.items.map(({ itemId, warehouseId }) => `${itemId}@${warehouseId}`);
      };
      await eventually(async () => expect(await levels('items=a')).toEqual(['a@main', 'a@shop']));
      expect(await levels('warehouses=shop')).toEqual(['a@shop', 'b@shop']);
      expect(await levels('items=a,c&warehouses=main')).toEqual(['a@main', 'c@main']);
      expect(await levels('items=nobody')).toEqual([]);
    });

    it('from the beginning, when memory does not reach so far: all of them, in bounded steps', async () => {
      await many(9_000, ['p', 'q', 'r']);
      await many(1, ['seldom']);
      const last = await settled();
      const all = await poll(0);
      expect(all.seqs).toEqual(Array.from({ length: last }, (_, n) => n + 1));
      const seldom = await poll(0, '&items=seldom');
      expect(seldom.seqs).toEqual([last]);
      // Of the stored part, a page at a time; what is in memory at once.
      expect(seldom.calls).toBeGreaterThan(3);
    });
  });

  describe('of event streams', () => {
    it.each([
      ['?since=900000', undefined, 'since'],
      ['?since=x', undefined, 'since'],
      ['?items=a.b', undefined, 'items'],
      ['', 'x', 'Last-Event-ID'],
      ['', '900000', 'Last-Event-ID'],
    ])('%s, Last-Event-ID %s: 400 with the field', async (query, id, field) => {
      const { status, body } = await get<Refusal>(`/stock/stream${query}`, {
        'x-api-key': KEY,
        ...(id ? { 'last-event-id': id } : {}),
      });
      expect([status, body.errors?.[0]?.path.split('.')[0]]).toEqual([400, field]);
    });

    it('are not to be held back or changed on the way', async () => {
      const gone = new AbortController();
      const { headers } = await fetch(`${url}/stock/stream`, {
        headers: { 'x-api-key': KEY, 'accept-encoding': 'gzip' },
        signal: gone.signal,
      });
      expect(headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
      expect(headers.get('cache-control')).toContain('no-transform');
      expect(headers.get('x-accel-buffering')).toBe('no');
      expect(headers.get('content-encoding')).toBeNull();
      gone.abort();
    });

    it('say where they begin, and then what comes', async () => {
      const after = await settled();
      const [all, some] = [listen(''), listen('?items=a&warehouses=main', OTHER_KEY)];
      await Promise.all([all, some].map(isConnected));
      expect(all.positions).toEqual([after]);
      await record('a@main', 'a@shop', 'b@main', 'a@main');
      await eventually(() => expect(all.seqs).toEqual([1, 2, 3, 4].map((n) => after + n)));
      await eventually(() => expect(some.seqs).toEqual([after + 1, after + 4]));
    });

    it('go on after Last-Event-ID, whatever the URL says', async () => {
      const after = await end();
      await record('a', 'b', 'c');
      const [byUrl, byId] = [listen(`?since=${after + 1}`), listen('?since=0', KEY, after + 2)];
      await eventually(() => expect(byUrl.seqs).toEqual([after + 2, after + 3]));
      await eventually(() => expect(byId.seqs).toEqual([after + 3]));
    });
  });

  describe('of sockets: refused', () => {
    it.each([{}, { token: '' }, { token: 'wrong' }, { token: 7 }, { token: { $ne: 1 } }, { since: 1 }])(
      'to %j: connect_error with the code',
      async (auth) => {
        const client = dial(auth);
        await eventually(() =>
          expect(client.refusals).toMatchObject([{ code: 'unauthorized', status: 401 }]),
        );
        expect(client.socket.active).toBe(false);
      },
    );

    it.each<[string, unknown, string]>([
      ['subscribe', undefined, 'channel'],
      ['subscribe', null, 'channel'],
      ['subscribe', 'inventory', '(root)'],
      ['subscribe', { channel: 'prices' }, 'channel'],
      ['subscribe', { channel: 'inventory', events: ['delete'] }, 'events.0'],
      ['subscribe', { channel: 'inventory', events: [] }, 'events'],
      ['subscribe', { channel: 'inventory', since: -1 }, 'since'],
      ['subscribe', { channel: 'inventory', since: '7' }, 'since'],
      ['subscribe', { channel: 'inventory', since: 900_000 }, 'since'],
      ['subscribe', { channel: 'inventory', colour: 'red' }, 'colour'],
      ['subscribe:product', {}, 'productId'],
      ['subscribe:product', { productId: 109854 }, 'productId'],
      ['subscribe:product', { productId: 'a.b' }, 'productId'],
      ['subscribe:product', { productId: [] }, 'productId'],
      ['subscribe:product', { productId: Array.from({ length: 501 }, (_, n) => `p${n}`) }, 'productId'],
      ['subscribe:warehouse', { warehouseId: '*' }, 'warehouseId'],
      ['unsubscribe:product', { productId: null }, 'productId'],
    ])('%s %#: an acknowledgement with the field', async (event, payload, field) => {
      const answer = await dial().ask(event, payload);
      expect(answer).toMatchObject({ ok: false, error: { status: 400, code: 'invalid_request' } });
      expect(answer.error.errors?.[0]?.path).toBe(field);
    });

    it.each(['subscribe:everything', 'constructor', '__proto__'])('an event %s', async (event) => {
      expect(await dial().ask(event, {})).toMatchObject({ ok: false, error: { code: 'not_found' } });
    });

    it('says what is wrong to whoever asks for no acknowledgement, too', async () => {
      const { socket } = dial();
      const problem = new Promise((resolve) => socket.once('problem', resolve));
      socket.emit('subscribe:product', { productId: 7 });
      expect(await problem).toMatchObject({ event: 'subscribe:product', code: 'invalid_request' });
    });

    it('more subscriptions than a client may have', async () => {
      const client = dial();
      const productId = Array.from({ length: 500 }, (_, n) => `p${n}`);
      expect(await client.ask('subscribe:product', { productId })).toMatchObject({ ok: true });
      expect(await client.ask('subscribe:product', { productId: 'p7' })).toMatchObject({ ok: true });
      const refused = await client.ask('subscribe:warehouse', { warehouseId: 'main' });
      expect(refused).toMatchObject({ ok: false, error: { code: 'invalid_request' } });
      await client.ask('unsubscribe:product', { productId: 'p7' });
      expect(await client.ask('subscribe:warehouse', { warehouseId: 'main' })).toMatchObject({ ok: true });
    });
  });

  describe('of sockets', () => {
    it.each([['websocket'], ['polling']])('by %s: an update says what was and what is', async (transport) => {
      const last = await settled();
      const client = dial({ token: KEY }, { transports: [transport] });
      const answer = await client.ask('subscribe', { channel: 'inventory', events: ['update'] });
      expect(answer).toEqual({ ok: true, seq: last });
      const level = `by-${transport}@shop`;
      await record(level);
      const seq = await record(level);
      await eventually(() => expect(client.updates).toHaveLength(2));
      expect(client.updates[0]).toMatchObject({ oldQuantity: null, newQuantity: 999, seq: seq - 1 });
      expect(client.updates[1]).toEqual({
        productId: `by-${transport}`,
        warehouseId: 'shop',
        oldQuantity: 999,
        newQuantity: 998,
        quantities: { ...zero, onHand: 998 },
        reason: 'sale',
        revision: 2,
        seq,
        timestamp: instantFrom(1_000),
      });
    });

    it('what is subscribed to, once, until it is not any more', async () => {
      await settled();
      const client = dial();
      const { seq: after } = await client.ask('subscribe:product', { productId: 'a' });
      await client.ask('subscribe:warehouse', { warehouseId: 'shop' });
      await record('a@main', 'b@main', 'b@shop', 'a@shop');
      await eventually(() => expect(client.seqs()).toEqual([after + 1, after + 3, after + 4]));
      await client.ask('unsubscribe:product', { productId: 'a' });
      const last = await record('a@main', 'b@shop');
      await eventually(() => expect(client.seqs().at(-1)).toBe(last));
      expect(client.seqs()).toHaveLength(4);
    });

    it('from a position on: what was missed comes first', async () => {
      const after = await end();
      await record('a', 'b', 'a');
      const client = dial();
      expect(await client.ask('subscribe:product', { productId: ['a', 'b'], since: after + 1 })).toEqual({
        ok: true,
        seq: after + 1,
      });
      const last = await record('b', 'c', 'a');
      await eventually(() => expect(client.seqs()).toEqual([after + 2, after + 3, last - 2, last]));
    });

    it('to say again what one wants passes nothing over', async () => {
      await many(2_000, ['p', 'q']);
      const last = await settled();
      const client = dial();
      const asked = client.ask('subscribe', { channel: 'inventory', since: 0 });
      const again = client.ask('subscribe', { channel: 'inventory' });
      expect((await asked).seq).toBe(0);
      expect((await again).seq).toBeLessThan(last);
      await eventually(() => expect(client.seqs().at(-1)).toBe(last), BUSY_MS);
      expect(client.seqs()).toEqual(Array.from({ length: last }, (_, n) => n + 1));
    });
  });

  it('from memory or from the stream, over every way: all of them, once, in order', async () => {
    const began = await end();
    const writing = many(3_000, ['x@main', 'y@shop', 'z@main']);
    const starts = [0, began - 6_001, began - 6_000, began - 1, began];
    const sockets = starts.map((since) => {
      const client = dial({ token: KEY }, { transports: ['websocket'] });
      void client.ask('subscribe', { channel: 'inventory', since });
      return client;
    });
    const streams = starts.map((since) => listen(`?since=${since}`, OTHER_KEY));
    const pollers = starts.map((since) => poll(since));
    await writing;
    const last = await end();
    const expected = starts.map((since) => Array.from({ length: last - since }, (_, n) => since + n + 1));
    for (const [index, wanted] of expected.entries()) {
      await eventually(() => expect(sockets[index]?.updates.length).toBe(wanted.length), BUSY_MS);
      expect(sockets[index]?.seqs()).toEqual(wanted);
      await eventually(() => expect(streams[index]?.seqs.length).toBe(wanted.length), BUSY_MS);
      expect(streams[index]?.seqs).toEqual(wanted);
      const polled = await pollers[index];
      const rest = await poll(polled?.nextSeq ?? 0);
      expect([...(polled?.seqs ?? []), ...rest.seqs]).toEqual(wanted);
    }
  });

  it('lets a key have so many clients, and no more; and takes them again when some have gone', async () => {
    const few = { 'x-api-key': FEW_KEY };
    await eventually(async () => expect(await liveClients()).toBe(0));
    const clients = Array.from({ length: MAX_OF_KEY / 2 }, () => listen('', FEW_KEY));
    const sockets = Array.from({ length: MAX_OF_KEY / 2 }, () => dial({ token: FEW_KEY }));
    await Promise.all(clients.map(isConnected));
    await eventually(() => expect(sockets.every(({ socket }) => socket.connected)).toBe(true));

    const refused = await get<Refusal>('/stock/stream', few);
    expect([refused.status, refused.body.code]).toEqual([429, 'too_many_requests']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const dialled = dial({ token: FEW_KEY });
    await eventually(() =>
      expect(dialled.refusals).toMatchObject([
        { code: 'too_many_requests', status: 429, retryAfterSeconds: expect.any(Number) },
      ]),
    );

    // The others have their own count, until the process has as many as it can serve.
    const others = Array.from({ length: MAX_OF_KEY - 10 }, () => listen('', OTHER_KEY));
    await Promise.all(others.map(isConnected));
    const full = await get<Refusal>('/stock/stream', { 'x-api-key': OTHER_KEY });
    expect([full.status, full.body.code]).toEqual([503, 'too_many_clients']);
    expect(Number(full.headers.get('retry-after'))).toBeGreaterThan(0);

    for (const one of [...clients, ...sockets]) one.close();
    const back = listen('', FEW_KEY);
    await eventually(async () => {
      if (back.problems.length > 0) throw new Error('refused');
      expect(back.positions).toHaveLength(1);
    });
  });

  it('goes on when its watch of the stream is taken away', async () => {
    await settled();
    const client = dial();
    const { seq: after } = await client.ask('subscribe', { channel: 'inventory' });
    const { consumers } = await connection.manager();
    for await (const { name } of consumers.list(naming.stream('STOCK')))
      await consumers.delete(naming.stream('STOCK'), name);
    await record('a', 'b');
    await eventually(() => expect(client.seqs()).toEqual([after + 1, after + 2]));
  });

  it('keeps its clients while NATS is away, and gives them what they missed', async () => {
    await record('a', 'b', 'c', 'a', 'b');
    const after = await settled();
    const [client, stream] = [dial(), listen('')];
    expect(await client.ask('subscribe', { channel: 'inventory' })).toEqual({ ok: true, seq: after });
    await isConnected(stream);
    await nats.kill();
    await eventually(() => expect(connection.isConnected()).toBe(false));
    expect((await get(`/stock/changes?since=${after - 5}`)).body.items).toHaveLength(5);
    expect(await client.ask('subscribe:product', { productId: 'a' })).toMatchObject({ ok: true });
    // Whether it exists cannot be known now.
    const away = await get<Refusal>('/stock/changes?since=900000');
    expect([away.status, away.body.code]).toEqual([503, 'store_unavailable']);

    await nats.restart();
    await eventually(() => expect(connection.isConnected()).toBe(true));
    await eventually(() => record('a', 'b', 'c'));
    const last = await end();
    const missed = Array.from({ length: last - after }, (_, n) => after + n + 1);
    await eventually(() => expect(client.seqs()).toEqual(missed));
    await eventually(() => expect(stream.seqs).toEqual(missed));
    expect([client.ends, stream.problems]).toEqual([[], []]);
  });

  it('ends with its clients connected, and they come back to the next process by themselves', async () => {
    await settled();
    const client = dial();
    let since = (await client.ask('subscribe', { channel: 'inventory' })).seq;
    client.socket.on('connect', () => client.socket.emit('subscribe', { channel: 'inventory', since }));
    client.socket.on('inventory:update', ({ seq }: Update) => {
      since = seq;
    });
    const stream = listen('');
    await isConnected(stream);
    const after = since;
    const before = performance.now();
    await app.close();
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(client.ends).toEqual(['transport close']);

    await start();
    await record('a', 'b');
    await eventually(() => expect(client.seqs()).toEqual([after + 1, after + 2]), BUSY_MS);
    await eventually(() => expect(stream.seqs).toEqual([after + 1, after + 2]), BUSY_MS);
  });
});
