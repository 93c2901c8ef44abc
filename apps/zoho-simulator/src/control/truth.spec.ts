import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FIRST_ITEM_ID } from '../organisation/catalogue';
import { type Running, startSimulator } from '../testing/running';
import { quietDelivery } from '../testing/simulation';

const MAIN = '2646610000000077024';
let receiver: Server;
let received: { event: string; body: string }[];
let running: Running;

beforeEach(async () => {
  received = [];
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const event = new URL(request.url ?? '', 'http://receiver').searchParams.get('event') ?? '';
      received.push({ event, body: Buffer.concat(chunks).toString('utf8') });
      response.end();
    });
  });
  await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  // One at a time, so that they come in the order of what happened.
  running = await startSimulator({ delivery: { ...quietDelivery, url, concurrency: 1 } });
});
afterEach(async () => {
  await running.stop();
  receiver.closeAllConnections();
  await new Promise((closed) => receiver.close(closed));
});

type Shown = { at: string; action: string; quantities: { onHand: number } | null; document: unknown };
const history = async (query = '') => {
  const { body } = await running.show(`history?itemId=${FIRST_ITEM_ID}&warehouseId=${MAIN}${query}`);
  return body.moments as Shown[];
};
const truth = async (at?: string | number) =>
  (await running.show(`truth${at === undefined ? '' : `?at=${at}`}`)).body.levels as {
    itemId: string;
    warehouseId: string;
    onHand: number;
  }[];
const onHand = async (at?: string | number) =>
  (await truth(at)).find((level) => level.itemId === FIRST_ITEM_ID && level.warehouseId === MAIN)?.onHand;
const invoice = async (quantity: number) => {
  const { body } = await running.control('invoices', { itemId: FIRST_ITEM_ID, quantity });
  return String((body.document as { invoice: Record<string, unknown> }).invoice.invoice_id);
};

describe('history', () => {
  it('holds all that a level has been, with what made it so', async () => {
    const begin = running.wall.now;
    const id = await invoice(3);
    running.wall.now += 5_400;
    await running.control(`invoices/${id}`, { quantity: 5 });
    running.wall.now += 60_000;
    await running.control(`items/${FIRST_ITEM_ID}/shift`, { onHand: -0.5 });
    const moments = await history();
    expect(moments.map(({ action, quantities }) => [action, quantities?.onHand])).toEqual([
      ['opening', 120],
      ['invoice.create', 117],
      ['invoice.edit', 115],
      ['stock.shift', 114.5],
    ]);
    expect(moments[2]).toMatchObject({
      at: new Date(begin + 5_400).toISOString(),
      document: { type: 'invoice', id, modifiedAt: '2025-03-01T17:30:05+0530' },
    });
    expect(moments[3]?.document).toBeNull();
    const since = await history(`&from=${begin + 1}&to=${begin + 10_000}`);
    expect(since.map(({ action }) => action)).toEqual(['invoice.create', 'invoice.edit']);
  });

  it('knows every level at any time, to the millisecond, however the time is written', async () => {
    const begin = running.wall.now;
    await invoice(3);
    running.wall.now += 5_400;
    await invoice(10);
    expect(await onHand()).toBe(107);
    expect(await onHand(begin - 1)).toBe(120);
    expect(await onHand(begin)).toBe(117);
    expect(await onHand(begin + 5_399)).toBe(117);
    expect(await onHand('2025-03-01T12:00:05.400Z')).toBe(107);
    expect(await onHand(encodeURIComponent('2025-03-01T17:30:05+0530'))).toBe(117);
    expect(await truth(begin + 5_400)).toEqual(await truth());
    expect(await running.show('truth?at=yesterday')).toMatchObject({ status: 400 });
  });

  it('dates a moment no earlier than the version that made it', async () => {
    const begin = running.wall.now;
    const id = await invoice(1);
    await running.control(`invoices/${id}`, { quantity: 2 });
    await running.control(`invoices/${id}`, { quantity: 3 });
    expect((await history()).slice(1).map(({ at }) => Date.parse(at) - begin)).toEqual([0, 1000, 2000]);
  });

  it('has items that are gone, in their time', async () => {
    const { body } = await running.control('items', { name: 'Kettle' });
    const { item_id: id } = (body.document as { item: Record<string, string> }).item;
    const there = running.wall.now;
    running.wall.now += 10_000;
    await running.control(`items/${id}/delete`);
    const levels = async (at: number) => (await truth(at)).filter(({ itemId }) => itemId === id).length;
    expect([await levels(there - 1), await levels(there), await levels(running.wall.now)]).toEqual([0, 3, 0]);
    expect(await running.show('history?itemId=1')).toMatchObject({ status: 404 });
  });

  it('says the same as truth after any traffic', async () => {
    await running.control('transactions', { count: 500, seed: 3 });
    expect(await truth(running.wall.now + 86_400_000)).toEqual(await truth());
  });
});

describe('what was announced', () => {
  it('is announced again as it was then, byte for byte', async () => {
    await running.control('transactions', { count: 40, seed: 1 });
    const [from, first] = [running.wall.now + 3_600_000, received.length];
    running.wall.now = from;
    await running.control('transactions', { count: 200, seed: 2 });
    const then = received.slice(first);
    const to = Date.parse((await running.show('status')).body.now as string);
    running.wall.now = to + 3_600_000;
    await running.control('transactions', { count: 200, seed: 3 });
    received = [];
    const { body } = await running.control('replay', { from, to: to + 999 });
    expect(body).toMatchObject({ announced: then.length, delivered: then.length, failed: 0, lost: 0 });
    expect(received).toEqual(then);
  });

  it('can be of some types, and the newest versions alone', async () => {
    await running.control('transactions', { count: 300, seed: 2 });
    const invoices = received.filter(({ event }) => event.startsWith('invoice.'));
    const idOf = (body: string) =>
      (JSON.parse(body) as { invoice: { invoice_id: string } }).invoice.invoice_id;
    const newest = new Map(invoices.map((one) => [idOf(one.body), one]));
    expect(newest.size).toBeLessThan(invoices.length);
    received = [];
    await running.control('replay', { types: ['invoice'], versions: 'newest' });
    expect(received).toHaveLength(newest.size);
    for (const one of received) expect(one).toEqual(newest.get(idOf(one.body)));
  });

  it('is sent again for one document, as often as wanted, a deleted one too', async () => {
    const id = await invoice(3);
    await invoice(4);
    const { body } = await running.control(`documents/invoice/${id}/resend`, { times: 2 });
    expect(body.webhooks).toEqual([
      expect.objectContaining({ outcome: 'accepted' }),
      expect.objectContaining({ outcome: 'accepted' }),
    ]);
    expect([received[2], received[3]]).toEqual([received[0], received[0]]);
    await running.control(`invoices/${id}/delete`);
    await running.control(`documents/invoice/${id}/resend`);
    expect(received.at(-1)).toEqual(received.at(-2));
    expect(received.at(-1)?.event).toBe('invoice.deleted');
    expect(await running.control('documents/invoice/1/resend')).toMatchObject({ status: 404 });
  });
});

describe('delivery', () => {
  it('can be tuned at any time, and falls silent when the day’s webhooks are used up', async () => {
    const answer = async () =>
      (await running.control('invoices', { itemId: FIRST_ITEM_ID, quantity: 1 })).body.webhook;
    await running.control('delivery', { dailyCap: 1000, sentToday: 999 });
    expect(await answer()).toMatchObject({ outcome: 'accepted' });
    expect(await answer()).toMatchObject({ outcome: 'capped' });
    expect(received).toHaveLength(1);
    running.wall.now += 6.5 * 3_600_000;
    expect(await answer()).toMatchObject({ outcome: 'accepted' });
    await running.control('delivery', { dailyCap: null, lose: 1 });
    expect(await answer()).toMatchObject({ outcome: 'lost' });
    const { body } = await running.control('delivery', { lose: 0 });
    expect(body).toMatchObject({ capped: 1, lost: 1, tuning: { lose: 0, dailyCap: null } });
  });

  it('brings late webhooks when others have long come', async () => {
    await running.control('delivery', { late: 1, lateSeconds: 5 });
    const late = invoice(1);
    while (((await running.show('status')).body.delivery as { late: number }).late !== 1);
    await running.control('delivery', { late: 0 });
    await running.control('bookings', {
      action: 'bill.create',
      input: {
        contact: 0,
        branchId: MAIN,
        naming: 'header',
        lines: [{ itemId: FIRST_ITEM_ID, quantity: 1, warehouseId: MAIN }],
      },
    });
    await late;
    expect(received.map(({ event }) => event)).toEqual(['bill.created', 'invoice.created']);
  });

  it('loses, doubles and delays the same ones for the same seed', async () => {
    const outcome = async () => {
      const again = await startSimulator({
        delivery: { ...quietDelivery, url: 'http://127.0.0.1:1/', retries: 0 },
      });
      await again.control('delivery', { lose: 0.2, duplicate: 0.2, late: 0.1, lateSeconds: 0.01 });
      await again.control('transactions', { count: 200, seed: 4 });
      const { lost, duplicated, late } = (await again.show('status')).body.delivery as Record<string, number>;
      await again.stop();
      return { lost, duplicated, late };
    };
    const first = await outcome();
    expect(await outcome()).toEqual(first);
    expect(Object.values(first).every((count) => Number(count) > 10)).toBe(true);
  });
});
