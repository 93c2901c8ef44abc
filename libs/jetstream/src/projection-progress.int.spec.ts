import { type Naming, type StreamSeq, streamNames, streamSeq } from '@tallystream/contracts';
import { freshNaming, testServers } from '@tallystream/testing';
import { type JetStreamConnection, openConnection } from './connection';
import { newestMessages } from './newest-messages';
import { projectionProgress } from './projection-progress';
import { provisionStreams } from './provision';
import { publish } from './publish';

const quiet = { info: () => undefined, warn: () => undefined };
const consumer = { name: 'levels', stream: 'STOCK', filter: 'stock.changed.>' } as const;

describe('on a stream', () => {
  let connection: JetStreamConnection;
  let away: JetStreamConnection;
  let naming: Naming;

  beforeAll(async () => {
    const server = { url: testServers().natsUrl, name: 'progress.int.spec' };
    connection = openConnection(server, quiet);
    away = openConnection(server, quiet);
    await Promise.all([connection.ready(), away.ready()]);
    await away.close();
  });
  beforeEach(async () => {
    naming = freshNaming();
    await provisionStreams(connection, naming);
  });
  afterEach(async () => {
    const { streams } = await connection.manager();
    for (const name of streamNames) await streams.delete(naming.stream(name));
  });
  afterAll(() => connection.close());

  const say = async (tail: string) => {
    const message = { subject: naming.subject(`stock.${tail}`), headers: {}, data: Buffer.from(tail) };
    return (await publish(connection, message)).seq;
  };

  describe('how far a projection is', () => {
    /** A store whose position is moved by hand, and that counts who asks for it. */
    const projection = (nats = connection) => {
      const store = { at: 0, asked: 0, fault: undefined as Error | undefined };
      const progress = projectionProgress({
        connection: nats,
        naming,
        consumer,
        stored: async () => {
          store.asked += 1;
          if (store.fault) throw store.fault;
          return streamSeq(store.at);
        },
      });
      return { store, ...progress };
    };
    /** What is still pending after the projection has had many looks. */
    const isPending = async (passed: Promise<unknown>, store: { asked: number }) => {
      let isSettled = false;
      const settled = () => {
        isSettled = true;
      };
      passed.then(settled, settled);
      const before = store.asked;
      while (store.asked < before + 3 && !isSettled) await new Promise(setImmediate);
      return !isSettled;
    };

    it('is asked of the store, once it is there', async () => {
      const seq = await say('changed.main.pen');
      const { store, passed } = projection();
      store.at = seq;
      expect(await passed(seq)).toBe(seq);
      expect(await passed(streamSeq(0))).toBe(0);
      expect(store.asked).toBe(1);
    });

    it('is waited for, and told by whoever applies it', async () => {
      const seq = await say('changed.main.pen');
      const { store, passed, advanced } = projection();
      const waiting = passed(seq);
      expect(await isPending(waiting, store)).toBe(true);
      advanced(seq);
      expect(await waiting).toBe(seq);
      const asked = store.asked;
      expect(await passed(seq)).toBe(seq);
      expect(store.asked).toBe(asked);
    });

    it('is waited for when another process applies it', async () => {
      const seq = await say('changed.main.pen');
      const { store, passed } = projection();
      const waiting = passed(seq);
      expect(await isPending(waiting, store)).toBe(true);
      store.at = seq;
      expect(await waiting).toBe(seq);
    });

    it('may be less than a sequence of a subject that it does not take', async () => {
      const ours = await say('changed.main.pen');
      const others = await say('document.invoice.1');
      const { store, passed } = projection();
      const waiting = passed(others);
      expect(await isPending(waiting, store)).toBe(true);
      store.at = ours;
      expect(await waiting).toBe(ours);
      store.at = await say('changed.main.ink');
      expect(await passed(others)).toBe(others);
    });

    it('need be nothing for a stream without its subjects', async () => {
      const others = await say('document.invoice.1');
      expect(await projection().passed(others)).toBe(0);
    });

    it('is not passed by what is yet to come: 504 after 5 seconds', async () => {
      const seq = await say('changed.main.pen');
      const { store, passed } = projection();
      store.at = seq;
      const began = performance.now();
      await expect(passed(streamSeq(seq + 1))).rejects.toMatchObject({
        code: 'wait_timeout',
        message: `levels did not pass sequence ${seq + 1} within 5 seconds: it stands at ${seq}.`,
      });
      expect(performance.now() - began).toBeGreaterThanOrEqual(4_990);
      expect(store.asked).toBeLessThan(60);
    });

    it('is passed by what comes within that time', async () => {
      const seq = await say('changed.main.pen');
      const { store, passed } = projection();
      store.at = seq;
      const next = passed(streamSeq(seq + 1));
      expect(await isPending(next, store)).toBe(true);
      await say('document.invoice.1');
      expect(await next).toBe(seq);
    });

    it('is asked by all who wait together', async () => {
      const seq = await say('changed.main.pen');
      const { store, passed } = projection();
      const waiting = Array.from({ length: 500 }, () => passed(seq));
      expect(await isPending(Promise.all(waiting), store)).toBe(true);
      expect(store.asked).toBeLessThan(10);
      store.at = seq;
      expect(new Set(await Promise.all(waiting))).toEqual(new Set([seq]));
    });

    it('is not known while the store is away: all are told', async () => {
      const seq = await say('changed.main.pen');
      const { store, passed } = projection();
      store.fault = new Error('away');
      await expect(Promise.all([passed(seq), passed(seq)])).rejects.toBe(store.fault);
      store.fault = undefined;
      store.at = seq;
      expect(await passed(seq)).toBe(seq);
    });

    it('is known by number alone while NATS is away', async () => {
      const { store, passed } = projection(away);
      const waiting = passed(streamSeq(7));
      store.at = 6;
      expect(await isPending(waiting, store)).toBe(true);
      store.at = 7;
      expect(await waiting).toBe(7);
    });
  });

  describe('the newest messages', () => {
    const read = async (pageSize: number, between: () => Promise<unknown> = async () => undefined) => {
      const pages: (readonly (readonly [StreamSeq, string])[])[] = [];
      const subject = naming.subject('stock.changed.>');
      for await (const page of newestMessages(connection, naming.stream('STOCK'), subject, pageSize)) {
        pages.push(page.map(({ seq, data }) => [seq, Buffer.from(data).toString()]));
        await between();
      }
      return pages;
    };

    it('are one of each subject, in order, page by page', async () => {
      for (const item of ['a', 'b', 'c', 'a', 'd']) await say(`changed.main.${item}`);
      await say('document.invoice.1');
      expect(await read(3)).toEqual([
        [
          [2, 'changed.main.b'],
          [3, 'changed.main.c'],
          [4, 'changed.main.a'],
        ],
        [[5, 'changed.main.d']],
      ]);
    });

    it('are those that there were at the beginning, whatever comes meanwhile', async () => {
      for (const item of ['a', 'b', 'c']) await say(`changed.main.${item}`);
      const pages = await read(1, () => say('changed.main.new'));
      expect(pages.flat().map(([seq]) => seq)).toEqual([1, 2, 3]);
    });

    it('of nothing are none; those of NATS away are an error', async () => {
      expect(await read(10)).toEqual([]);
      const none = newestMessages(away, naming.stream('STOCK'), naming.subject('stock.changed.>'), 10);
      await expect(none.next()).rejects.toMatchObject({ code: 'store_unavailable' });
    });
  });
});
