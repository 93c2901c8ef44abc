import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openSimulator, type Simulator } from '../simulator';
import { quietConfig, quietDelivery } from '../testing/simulation';
import { runTraffic } from './run-traffic';

/** Takes webhooks, and answers none until it is told to. */
const unanswered: ServerResponse[] = [];
const receiver = createServer((_request, response) => {
  unanswered.push(response);
});
let simulator: Simulator;

beforeAll(async () => {
  await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening));
  const { port } = receiver.address() as AddressInfo;
  simulator = openSimulator(
    { ...quietConfig, delivery: { ...quietDelivery, url: `http://127.0.0.1:${port}/` } },
    Date.now,
  );
});
afterAll(async () => {
  await simulator.close(0);
  receiver.close();
});

it('books each transaction at its time, though no webhook is answered', async () => {
  const count = 1_200;
  const began = performance.now();
  const traffic = runTraffic(simulator, { count, seed: 1, perSecond: 6_000, types: ['invoice'] });
  let isAnswering = true;
  const answering = (async () => {
    while (simulator.organisation.bookings < count) await new Promise(setImmediate);
    // More than may wait to be posted when nobody says how fast.
    expect(performance.now() - began).toBeGreaterThanOrEqual(((count - 1) * 1_000) / 6_000);
    while (isAnswering) {
      for (const response of unanswered.splice(0)) response.writeHead(200).end();
      await new Promise(setImmediate);
    }
  })();
  expect(await traffic).toMatchObject({ booked: count, failed: 0, lost: 0 });
  isAnswering = false;
  await answering;
}, 30_000);
