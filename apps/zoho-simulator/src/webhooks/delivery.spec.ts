import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { seededRandom } from '../random';
import { quietDelivery } from '../testing/simulation';
import { type Faults, webhookDelivery } from './delivery';

type Received = { url: string; body: string; headers: IncomingMessage['headers'] };

let server: Server;
let received: Received[];
/** What the receiver answers to the nth webhook, from 1. */
let statusOf: (nth: number) => number;
let url: string;

beforeEach(async () => {
  received = [];
  statusOf = () => 202;
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      received.push({ url: request.url ?? '', body, headers: request.headers });
      response.statusCode = statusOf(received.length);
      response.end('noted');
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks?zone=a`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

const deliver = (faults: Partial<Faults> = {}, concurrency = 8) =>
  webhookDelivery(
    { ...quietDelivery, url, concurrency, faults: { ...quietDelivery.faults, ...faults } },
    seededRandom(1),
    () => '2025-03-01',
  );
const hook = (number: number) => ({ event: 'invoice.updated', body: `{"invoice":{"n":${number}}}` });
const numbers = () => received.map(({ body }) => Number(/\d+/.exec(body)?.[0]));

it('posts the signed body with event and organisation in the query', async () => {
  const answer = await deliver().post(hook(1));
  expect(answer).toEqual({
    event: 'invoice.updated',
    outcome: 'accepted',
    attempts: 1,
    status: 202,
    answer: 'noted',
  });
  expect(received[0]).toMatchObject({
    url: '/hooks?zone=a&event=invoice.updated&org=10234695',
    body: '{"invoice":{"n":1}}',
  });
  expect(received[0]?.headers['x-zoho-webhook-signature']).toMatch(/^[0-9a-f]{64}$/);
});

it('posts again what is refused, and keeps count', async () => {
  statusOf = (nth) => (nth < 3 ? 500 : 200);
  const delivery = deliver();
  expect(await delivery.post(hook(1))).toMatchObject({ outcome: 'accepted', attempts: 3 });
  expect(delivery.state()).toMatchObject({ sent: 3, accepted: 1, retried: 2, failed: 0, waiting: 0 });
});

it('gives up after the last retry', async () => {
  statusOf = () => 302;
  const delivery = deliver();
  expect(await delivery.post(hook(1))).toMatchObject({ outcome: 'failed', attempts: 3, status: 302 });
  expect(delivery.state()).toMatchObject({ sent: 3, accepted: 0, failed: 1 });
});

it('says why when nobody answers', async () => {
  const delivery = webhookDelivery(
    { ...quietDelivery, url: 'http://127.0.0.1:1/', retries: 0 },
    seededRandom(1),
    () => '2025-03-01',
  );
  expect(await delivery.post(hook(1))).toMatchObject({ outcome: 'failed', error: expect.any(String) });
});

it('duplicates, and loses', async () => {
  await deliver({ duplicate: 1 }).post(hook(1));
  expect(numbers()).toEqual([1, 1]);
  expect(await deliver({ lose: 1 }).post(hook(2))).toMatchObject({ outcome: 'lost', attempts: 0 });
  expect(numbers()).toEqual([1, 1]);
});

it('reorders, and loses none by it', async () => {
  const delivery = deliver({ reorder: 0.5 }, 1);
  const order = Array.from({ length: 40 }, (_, index) => index);
  const answers = order.map((number) => delivery.post(hook(number)));
  delivery.flush();
  await Promise.all(answers);
  expect(numbers()).not.toEqual(order);
  expect([...numbers()].sort((a, b) => a - b)).toEqual(order);
});

it('keeps the order when one is in flight at a time and nothing is reordered', async () => {
  const delivery = deliver({}, 1);
  await Promise.all([1, 2, 3, 4, 5].map((number) => delivery.post(hook(number))));
  expect(numbers()).toEqual([1, 2, 3, 4, 5]);
});

it('on closing lets what is in flight end and drops the rest', async () => {
  const delivery = deliver({}, 1);
  const answers = [1, 2, 3].map((number) => delivery.post(hook(number)));
  await delivery.close(5000);
  const outcomes = (await Promise.all(answers)).map((answer) => answer.outcome);
  expect(outcomes).toEqual(['accepted', 'abandoned', 'abandoned']);
  expect(await delivery.post(hook(4))).toMatchObject({ outcome: 'abandoned' });
});
