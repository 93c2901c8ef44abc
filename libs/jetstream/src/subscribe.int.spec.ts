import { instantFrom, millisOf, type Naming, streamNames } from '@tallystream/contracts';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { type JetStreamConnection, openConnection } from './connection';
import { provisionStreams } from './provision';
import { publish } from './publish';
import { messageAt } from './read';
import { type SubscriptionParts, subscribe } from './subscribe';

const quiet = { info: () => undefined, warn: () => undefined };
const timing = { ackWaitMs: 400, pausesMs: [30, 60] };

type Wishes = Partial<Pick<SubscriptionParts, 'from' | 'durable' | 'subjects' | 'connection'>> &
  Readonly<{ work?: (text: string, attempt: number) => Promise<void> }>;

describe('a subscription to a stream', () => {
  let connection: JetStreamConnection;
  let naming: Naming;
  let running: { stop: () => Promise<void> }[];

  const connect = () => openConnection({ url: testServers().natsUrl, name: 'subscribe.int.spec' }, quiet);

  beforeAll(async () => {
    connection = connect();
    await connection.ready();
  });
  beforeEach(async () => {
    naming = freshNaming();
    running = [];
    await provisionStreams(connection, naming);
  });
  afterEach(async () => {
    await Promise.all(running.map((each) => each.stop()));
    const { streams } = await connection.manager();
    for (const name of streamNames) await streams.delete(naming.stream(name));
  });
  afterAll(() => connection.close());

  const say = (item: string, text: string) =>
    publish(connection, { subject: naming.subject(`stock.x.${item}`), headers: {}, data: Buffer.from(text) });

  const follow = ({ work = async () => undefined, subjects = ['stock.x.>'], ...wishes }: Wishes) => {
    const ending = new AbortController();
    const view = {
      seen: [] as string[],
      failures: [] as string[],
      errors: [] as unknown[],
      isCaughtUp: false,
      stop: async () => {
        ending.abort();
        await ended;
      },
    };
    const ended = subscribe({
      connection,
      stream: naming.stream('STOCK'),
      subjects: subjects.map(naming.subject),
      from: 'start',
      timing,
      handle: async ({ data }, attempt) => {
        const text = Buffer.from(data).toString();
        await work(text, attempt);
        view.seen.push(text);
      },
      failed: ({ data }, error, attempt, retryInMs) =>
        view.failures.push(
          `${Buffer.from(data)} ${attempt}: ${String(error)}, ${retryInMs ?? 'passed over'}`,
        ),
      onCaughtUp: () => {
        view.isCaughtUp = true;
      },
      report: (error) => view.errors.push(error),
      signal: ending.signal,
      ...wishes,
    });
    running.push(view);
    return view;
  };

  const caughtUp = async (view: { isCaughtUp: boolean }) =>
    eventually(() => expect(view.isCaughtUp).toBe(true));

  const consumers = async () => {
    const api = (await connection.manager()).consumers;
    const names: string[] = [];
    for await (const { name } of api.list(naming.stream('STOCK'))) names.push(name);
    return { api, names };
  };
  const deleteConsumers = async () => {
    const { api, names } = await consumers();
    for (const name of names) await api.delete(naming.stream('STOCK'), name);
  };

  describe.each([undefined, 'reader'])('by the name %s', (durable) => {
    const wishes: Wishes = durable === undefined ? {} : { durable };

    it.each<[string, Wishes['from'] | 'a moment', readonly string[]]>([
      ['now', 'now', ['pen 3']],
      ['the start', 'start', ['pen 1', 'ink 1', 'pen 2', 'pen 3']],
      ['the newest of every subject', 'last-per-subject', ['ink 1', 'pen 2', 'pen 3']],
      ['after a position', { after: 2 }, ['pen 2', 'pen 3']],
      ['a moment', 'a moment', ['pen 2', 'pen 3']],
    ])('begins with %s', async (_, from, expected) => {
      await say('pen', 'pen 1');
      const { seq } = await say('ink', 'ink 1');
      const told = await messageAt(connection, naming.stream('STOCK'), seq);
      const moment = (told ? millisOf(told.storedAt) : Number.NaN) + 1;
      // Moments are milliseconds.
      await eventually(() => expect(Date.now()).toBeGreaterThan(moment));
      await say('pen', 'pen 2');
      const start = from === 'a moment' ? { since: instantFrom(moment) } : from;
      const view = follow({ ...wishes, ...(start && { from: start }) });
      await caughtUp(view);
      await say('pen', 'pen 3');
      await eventually(() => expect(view.seen).toEqual(expected));
      expect(view.errors).toEqual([]);
    });

    it('hears only of the subjects it names', async () => {
      const view = follow({ ...wishes, subjects: ['stock.x.ink', 'stock.x.cup'] });
      for (const item of ['pen', 'ink', 'pen', 'cup']) await say(item, item);
      await eventually(() => expect(view.seen).toEqual(['ink', 'cup']));
    });

    it('handles one message at a time, in order, however long each takes', async () => {
      let inHand = 0;
      let most = 0;
      const view = follow({
        ...wishes,
        work: async (text) => {
          inHand += 1;
          most = Math.max(most, inHand);
          // The first takes longer than all that come after it.
          await eventually(() => expect(text === 'pen 0' ? arrived : true).toBe(true));
          inHand -= 1;
        },
      });
      let arrived = false;
      const texts = Array.from({ length: 20 }, (__, n) => `pen ${n}`);
      for (const text of texts) await say('pen', text);
      arrived = true;
      await eventually(() => expect(view.seen).toEqual(texts));
      expect(most).toBe(1);
    });

    it('finishes what it has in hand before it ends, and begins nothing more', async () => {
      let hasBegun = false;
      let mayEnd = false;
      const view = follow({
        ...wishes,
        work: () => {
          hasBegun = true;
          return eventually(() => expect(mayEnd).toBe(true));
        },
      });
      await say('pen', 'pen 1');
      await say('pen', 'pen 2');
      await eventually(() => expect(hasBegun).toBe(true));
      const stopped = view.stop();
      mayEnd = true;
      await stopped;
      expect(view.seen).toEqual(['pen 1']);
    });
  });

  describe('that lives with its process', () => {
    it('goes on where it stood when its consumer was taken away, also before it saw anything', async () => {
      const view = follow({ from: 'now' });
      await caughtUp(view);
      await deleteConsumers();
      await say('pen', 'pen 1');
      await eventually(() => expect(view.seen).toEqual(['pen 1']));
      await deleteConsumers();
      await say('pen', 'pen 2');
      await eventually(() => expect(view.seen).toEqual(['pen 1', 'pen 2']));
    });

    it('says what failed, and goes on', async () => {
      const view = follow({
        work: async (text) => {
          if (text === 'pen 1') throw new Error('no ink');
        },
      });
      await say('pen', 'pen 1');
      await say('pen', 'pen 2');
      await eventually(() => expect(view.seen).toEqual(['pen 2']));
      expect(view.failures).toEqual(['pen 1 1: Error: no ink, passed over']);
    });

    it('takes no more than it can hold while its handler is slow', async () => {
      const texts = Array.from({ length: 400 }, (_, n) => `pen ${n}`);
      for (const text of texts) await say('pen', text);
      let isFree = false;
      const view = follow({ work: () => eventually(() => expect(isFree).toBe(true)) });
      const given = async () => {
        const { api, names } = await consumers();
        const info = await api.info(naming.stream('STOCK'), names[0] ?? '');
        return info.delivered.consumer_seq;
      };
      await eventually(async () => expect(await given()).toBe(256));
      isFree = true;
      await eventually(() => expect(view.seen).toEqual(texts));
      expect(await given()).toBe(400);
    });
  });

  describe('that the server remembers', () => {
    const durable = 'reader';

    it('goes on where the one before it ended, with other subjects too', async () => {
      const first = follow({ durable });
      await say('pen', 'pen 1');
      await eventually(() => expect(first.seen).toEqual(['pen 1']));
      await first.stop();
      await say('pen', 'pen 2');
      await say('ink', 'ink 1');
      const second = follow({ durable, subjects: ['stock.x.ink', 'stock.x.pen'] });
      await eventually(() => expect(second.seen).toEqual(['pen 2', 'ink 1']));
      expect((await consumers()).names).toEqual([durable]);
      expect(second.errors).toEqual([]);
    });

    it('brings back what failed, later and later, and lets nothing overtake it', async () => {
      const view = follow({
        durable,
        work: async (text, attempt) => {
          if (text === 'pen 1' && attempt < 4) throw new Error('no ink');
        },
      });
      for (const text of ['pen 1', 'pen 2', 'ink 1']) await say(text.slice(0, 3), text);
      await eventually(() => expect(view.seen).toEqual(['pen 1', 'pen 2', 'ink 1']));
      expect(view.failures).toEqual([1, 2, 3].map((n) => `pen 1 ${n}: Error: no ink, ${n === 1 ? 30 : 60}`));
    });

    it('does not bring back what is still in hand', async () => {
      let isFree = false;
      let calls = 0;
      const view = follow({
        durable,
        work: async () => {
          calls += 1;
          await eventually(() => expect(isFree).toBe(true));
        },
      });
      await say('pen', 'pen 1');
      const began = performance.now();
      // Three times as long as the server waits for a sign of life.
      await eventually(() => expect(performance.now() - began).toBeGreaterThan(3 * timing.ackWaitMs));
      isFree = true;
      await eventually(() => expect(view.seen).toEqual(['pen 1']));
      expect(calls).toBe(1);
    });

    it('brings back what a process had in hand when it died, before anything newer', async () => {
      const dying = connect();
      let isOver = false;
      follow({ durable, connection: dying, work: () => eventually(() => expect(isOver).toBe(true)) });
      await say('pen', 'pen 1');
      await eventually(async () => {
        const { api } = await consumers();
        expect((await api.info(naming.stream('STOCK'), durable)).num_ack_pending).toBe(1);
      });
      await (await dying.ready()).close();
      await say('pen', 'pen 2');
      const next = follow({ durable });
      await eventually(() => expect(next.seen).toEqual(['pen 1', 'pen 2']));
      isOver = true;
    });

    it('is shared by those who follow under one name: each message once, in order', async () => {
      const order: string[] = [];
      const work = async (text: string) => void order.push(text);
      const views = [follow({ durable, work }), follow({ durable, work })];
      const texts = Array.from({ length: 60 }, (_, n) => `pen ${n}`);
      for (const text of texts) await say('pen', text);
      await eventually(() => expect(order).toEqual(texts));
      expect(views.flatMap(({ errors }) => errors)).toEqual([]);
    });
  });
});
