import {
  encodeEvent,
  itemIdSchema,
  namingFor,
  type StockChanged,
  stockChangedSchema,
  streamNames,
  warehouseIdSchema,
} from '@tallystream/contracts';
import {
  type JetStreamConnection,
  openConnection,
  provisionStreams,
  publish,
} from '@tallystream/jetstream/core';
import { eventually } from '@tallystream/testing';
import { removeData, startNats, temporaryData } from '../../../deploy/local/servers';
import {
  openClient,
  type StockChange,
  type SubscriptionFailure,
  type SubscriptionOptions,
  type TallyClient,
} from './index';

const naming = namingFor('tally');
const quiet = { info: () => undefined, warn: () => undefined };

describe('following stock over NATS, as a user who may only read', () => {
  const dataDir = temporaryData();
  let nats: Awaited<ReturnType<typeof startNats>>;
  let owner: JetStreamConnection;
  let client: TallyClient;

  const connected = (natsUrl: string) =>
    openClient({ name: 'shop', url: 'http://127.0.0.1:9', apiKey: 'none', natsUrl, log: quiet });
  const natsUrl = () => nats.urlAs('subscriber');

  beforeAll(async () => {
    nats = await startNats({ dataDir });
    owner = openConnection({ url: nats.url, name: 'owner' }, quiet);
    await owner.ready();
  });
  beforeEach(async () => {
    await provisionStreams(owner, naming);
    client = connected(natsUrl());
  });
  afterEach(async () => {
    await client.close();
    const { streams } = await owner.manager();
    for (const name of streamNames) await streams.delete(naming.stream(name));
  });
  afterAll(async () => {
    await owner.close();
    await nats.stop();
    removeData(dataDir);
  });

  const event = (item: string, revision: number, more: Partial<StockChanged> = {}): StockChanged =>
    stockChangedSchema.parse({
      itemId: item,
      warehouseId: 'main',
      revision,
      delta: { onHand: 1 },
      after: {
        onHand: revision,
        committed: 0,
        physicalOnHand: 0,
        physicalCommitted: 0,
        inTransit: 0,
        reserved: 0,
      },
      provisional: false,
      reason: 'purchase',
      cause: { kind: 'webhook', id: '1', actor: 'zoho' },
      occurredAt: '2026-01-07T10:31:02Z',
      ...more,
    });
  const subjectOf = ({ itemId, warehouseId }: Pick<StockChanged, 'itemId' | 'warehouseId'>) =>
    naming.levelSubject({ itemId, warehouseId });
  const happens = async (...events: readonly StockChanged[]) => {
    for (const data of events) {
      const encoded = encodeEvent({ type: 'StockChanged', data }, { id: 'x', time: '2026-01-07T10:31:02Z' });
      await publish(owner, { subject: subjectOf(data), ...encoded });
    }
  };
  const stored = (item: string, ceType: string, data: string) =>
    publish(owner, {
      subject: subjectOf({ itemId: itemIdSchema.parse(item), warehouseId: warehouseIdSchema.parse('main') }),
      headers: { 'ce-type': ceType },
      data: Buffer.from(data),
    });

  const follow = (options: Partial<SubscriptionOptions> = {}, by = client) => {
    const changes: StockChange[] = [];
    const failures: SubscriptionFailure[] = [];
    const subscription = by.subscribeStock({
      from: 'start',
      onChange: (change) => void changes.push(change),
      onFailure: (failure) => void failures.push(failure),
      ...options,
    });
    const brief = () => changes.map(({ itemId, revision }) => `${itemId} ${revision}`);
    return { ...subscription, changes, failures, brief };
  };

  it('a change is the event, with its place in the stream and what can be sold', async () => {
    await happens(event('pen', 7, { sku: 'PEN' }), event('ink', 1, { provisional: true }));
    const { changes } = follow();
    await eventually(() => expect(changes).toHaveLength(2));
    expect(changes[0]).toMatchObject({ ...event('pen', 7, { sku: 'PEN' }), seq: 1, stock: 7 });
    expect(Math.abs(Date.parse(String(changes[0]?.recordedAt)) - Date.now())).toBeLessThan(60_000);
    expect(changes[1]).toMatchObject({ itemId: 'ink', seq: 2, stock: null });
  });

  it('of the levels it wants to hear of, from the state of each', async () => {
    await happens(event('pen', 1), event('ink', 1), event('pen', 2), event('cup', 1));
    const live = follow({ from: 'state', items: ['pen', 'cup'], warehouses: ['main', 'port'] });
    await live.caughtUp;
    expect(live.brief()).toEqual(['pen 2', 'cup 1']);
    await happens(event('ink', 2), event('pen', 3));
    await eventually(() => expect(live.brief()).toEqual(['pen 2', 'cup 1', 'pen 3']));
    expect(live.failures).toEqual([]);
  });

  it('sorts out itself what is too much for a filter', async () => {
    const items = ['pen', ...Array.from({ length: 300 }, (_, n) => `other${n}`)];
    const { brief } = follow({ items, durable: 'many' });
    await happens(event('ink', 1), event('pen', 1));
    await eventually(() => expect(brief()).toEqual(['pen 1']));
  });

  it('goes on where it stood, under its name, in another process', async () => {
    const first = follow({ durable: 'notifier', from: 'now' });
    await first.caughtUp;
    await happens(event('pen', 1));
    await eventually(() => expect(first.brief()).toEqual(['pen 1']));
    await client.close();
    await happens(event('pen', 2));
    client = connected(natsUrl());
    const second = follow({ durable: 'notifier', from: 'now' });
    await eventually(() => expect(second.brief()).toEqual(['pen 2']));
  });

  it('brings back, after a second, what was rejected, and says so', async () => {
    await happens(event('pen', 1), event('ink', 1));
    let attempts = 0;
    const { failures, changes } = follow({
      durable: 'shaky',
      onChange: async (change) => {
        attempts += 1;
        if (attempts === 1) throw new Error('no paper');
        changes.push(change);
      },
    });
    await eventually(() => expect(changes.map(({ itemId }) => itemId)).toEqual(['pen', 'ink']));
    expect(failures).toEqual([
      expect.objectContaining({
        kind: 'rejected',
        error: new Error('no paper'),
        change: expect.objectContaining({ itemId: 'pen', seq: 1 }),
        attempt: 1,
        retryInMs: 1_000,
      }),
    ]);
  });

  it.each([undefined, 'reader'])('passes over what it cannot read, and says so (%s)', async (durable) => {
    await happens(event('pen', 1));
    await stored('pen', 'com.tallystream.stock.changed.v99', '{}');
    await stored('pen', 'com.tallystream.stock.changed.v1', '{"revision":');
    await stored('pen', 'com.tallystream.stock.changed.v1', '{"revision": 4}');
    await happens(event('pen', 5));
    const { brief, failures, caughtUp } = follow(durable === undefined ? {} : { durable });
    await caughtUp;
    expect(brief()).toEqual(['pen 1', 'pen 5']);
    expect(failures).toEqual(
      [2, 3, 4].map((seq) =>
        expect.objectContaining({ kind: 'unreadable', subject: 'stock.changed.main.pen', seq }),
      ),
    );
    expect(String(failures[0]?.error)).toContain('newer than this reader');
  });

  it.each([undefined, 'reader'])('misses nothing while NATS is away (%s)', async (durable) => {
    const follower = follow({ from: 'now', ...(durable === undefined ? {} : { durable }) });
    await follower.caughtUp;
    await happens(event('pen', 1));
    await eventually(() => expect(follower.brief()).toEqual(['pen 1']));
    await nats.kill();
    await nats.restart();
    await eventually(() => happens(event('pen', 2)));
    await happens(event('ink', 1));
    await eventually(
      () => expect([...new Set(follower.brief())]).toEqual(['pen 1', 'pen 2', 'ink 1']),
      20_000,
    );
  });

  it('begins when NATS comes', async () => {
    await nats.kill();
    const follower = follow();
    await nats.restart();
    await eventually(() => happens(event('pen', 1)));
    await eventually(() => expect(new Set(follower.brief())).toEqual(new Set(['pen 1'])), 20_000);
  });

  it('closes within ten seconds, also while a change is in hand for ever', async () => {
    let isInHand = false;
    follow({
      durable: 'stuck',
      onChange: () => {
        isInHand = true;
        return new Promise(() => undefined);
      },
    });
    await happens(event('pen', 1));
    await eventually(() => expect(isInHand).toBe(true));
    const began = performance.now();
    await client.close();
    expect(performance.now() - began).toBeLessThan(10_000);
    // It was not done with, so it comes again.
    client = connected(natsUrl());
    const next = follow({ durable: 'stuck' });
    await eventually(() => expect(next.brief()).toEqual(['pen 1']));
  });

  it('closes while NATS is away, and leaves nothing behind that would keep a process', async () => {
    const elsewhere = openConnection({ url: 'nats://127.0.0.1:9', name: 'nobody' }, quiet);
    await elsewhere.close();
    await expect(elsewhere.ready()).rejects.toThrow('closed before NATS answered');
    const lost = connected('nats://127.0.0.1:9');
    const { caughtUp } = follow({}, lost);
    await lost.close();
    await caughtUp;
  });

  it('refuses what could not work, at once', () => {
    expect(() => follow({ durable: 'a.b' })).toThrow('durable: "a.b" must be 1 to 64');
    expect(() => follow({ items: [] })).toThrow('items is empty');
    const reader = openClient({ name: 'shop', url: 'http://127.0.0.1:9', apiKey: 'none' });
    expect(() => follow({}, reader)).toThrow('natsUrl');
  });

  it('may not do more than read', async () => {
    const reader = openConnection({ url: natsUrl(), name: 'reader' }, quiet);
    await reader.ready();
    await happens(event('pen', 1));
    const { streams, consumers } = await reader.manager();
    const refused = 'Permissions Violation';
    await expect(
      publish(reader, { subject: 'stock.changed.main.pen', headers: {}, data: Buffer.alloc(0) }),
    ).rejects.toThrow();
    await expect(streams.add({ name: 'mine', subjects: ['mine'] })).rejects.toThrow(refused);
    await expect(streams.delete(naming.stream('STOCK'))).rejects.toThrow(refused);
    await expect(streams.purge(naming.stream('STOCK'))).rejects.toThrow(refused);
    await expect(consumers.add(naming.stream('ZOHO_INBOX'), {})).rejects.toThrow(refused);
    const { state } = await (await owner.manager()).streams.info(naming.stream('STOCK'));
    expect(state.last_seq).toBe(1);
    await reader.close();
  });
});
