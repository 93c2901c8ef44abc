import { execFileSync } from 'node:child_process';
import { decodeEvent } from '@tallystream/contracts';
import { eventually, natsOptions } from '@tallystream/testing';
import { connect } from 'nats';
import { eventSubscriber, type Heard, poller, type Subscriber, socketSubscriber } from './subscribers';
import { invoiceBody, type Replica, type System, startSystem } from './system';
import { unsteadyLine } from './unsteady-line';

const CUTS = 10;
const CLIENTS = 1_000;
const ITEMS = Array.from({ length: 7 }, (_, n) => `item-${n}`);

describe('live updates', () => {
  let system: System;
  let other: Replica;
  let invoices = 0;

  beforeAll(async () => {
    system = await startSystem({ env: { READS_PER_MINUTE: '0' } });
    other = await system.join();
  }, 120_000);
  afterAll(() => system?.stop());

  const sell = async (): Promise<void> => {
    invoices += 1;
    const item = ITEMS[invoices % ITEMS.length] ?? '';
    const { status } = await system.post(invoiceBody(1, { id: `inv-${invoices}`, item }));
    expect(status).toBe(202);
  };
  /** All changes of the stream, read from NATS as another service would. */
  const inTheStream = async (): Promise<readonly Heard[]> => {
    const nats = await connect(natsOptions(system.servers.natsUrl));
    try {
      const changes: Heard[] = [];
      const consumer = await nats.jetstream().consumers.get(system.naming.stream('STOCK'), {
        filterSubjects: system.naming.subject('stock.changed.>'),
      });
      const { num_pending: count } = await consumer.info();
      if (count === 0) return changes;
      for await (const message of await consumer.consume()) {
        const { data } = decodeEvent(message.headers?.get('ce-type') ?? '', message.data);
        if ('after' in data)
          changes.push({
            seq: message.seq,
            level: `${data.warehouseId}.${data.itemId}`,
            revision: data.revision,
            onHand: data.after.onHand,
          });
        if (changes.length === count) break;
      }
      return changes;
    } finally {
      await nats.close();
    }
  };

  it('cut off ten times each, while sales go on: a socket, an event stream and a poller have what the stream has', async () => {
    const lines = await Promise.all([1, 2, 3].map(() => unsteadyLine([system.url, other.url])));
    const subscribers: readonly Subscriber[] = [socketSubscriber, eventSubscriber, poller].map(
      (subscribe, index) => subscribe(lines[index]?.url ?? '', 0),
    );
    let isOpen = true;
    const selling = (async () => {
      while (isOpen) await Promise.all([sell(), sell(), sell()]);
    })();
    try {
      await Promise.all(
        lines.map(async ({ cut }, index) => {
          for (let cuts = 0; cuts < CUTS; cuts += 1) {
            const before = subscribers[index]?.heard.length ?? 0;
            // It is back, and in the middle of it.
            await eventually(
              () => expect(subscribers[index]?.heard.length).toBeGreaterThan(before + 5),
              60_000,
            );
            cut();
          }
        }),
      );
      isOpen = false;
      await selling;
      await eventually(async () => {
        const changes = await inTheStream();
        expect(changes).toHaveLength(invoices);
        for (const { heard } of subscribers) expect(heard).toEqual(changes);
      }, 60_000);
    } finally {
      isOpen = false;
      await selling;
      for (const { stop } of subscribers) stop();
      await Promise.all(lines.map(({ close }) => close()));
    }
  }, 240_000);

  it('a thousand clients of one process hear of a sale, and cost it little', async () => {
    const { nextSeq } = await system.get<{ nextSeq: number }>('/api/stock/changes');
    const before = residentMiB(system.pid());
    const subscribers = Array.from({ length: CLIENTS }, (_, n) =>
      n % 2 === 0 ? socketSubscriber(system.url, nextSeq) : eventSubscriber(system.url, nextSeq),
    );
    try {
      await eventually(async () => expect(await connected(system)).toBe(CLIENTS), 60_000);
      await sell();
      await eventually(() => {
        const [sale] = subscribers[0]?.heard ?? [];
        expect(sale).toBeDefined();
        for (const { heard } of subscribers) expect(heard).toEqual([sale]);
      }, 60_000);
      expect(residentMiB(system.pid()) - before).toBeLessThan(300);
    } finally {
      for (const { stop } of subscribers) stop();
    }
    await eventually(async () => expect(await connected(system)).toBe(0), 60_000);
  }, 240_000);

  it('end with the process, though a poller never stops asking', async () => {
    const asking = poller(other.url, 0);
    const listening = [socketSubscriber(other.url, 0), eventSubscriber(other.url, 0)];
    try {
      await eventually(() => {
        for (const { heard } of [asking, ...listening]) expect(heard.length).toBeGreaterThan(0);
      }, 30_000);
      const began = performance.now();
      await other.kill('SIGTERM');
      expect(performance.now() - began).toBeLessThan(10_000);
    } finally {
      for (const { stop } of [asking, ...listening]) stop();
    }
  }, 120_000);
});

const connected = async ({ url }: Pick<System, 'url'>): Promise<number> => {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const counts = [...metrics.matchAll(/^tally_live_clients\{.*\} (\d+)$/gm)];
  return counts.reduce((total, [, count]) => total + Number(count), 0);
};

const residentMiB = (pid: number | undefined): number =>
  Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1_024;
