import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { openClient, type StockChange, type TallyClient } from '@tallystream/client';
import { eventually } from '@tallystream/testing';
import { READER_KEY } from './api';
import { itemAt } from './simulator';
import { ITEM, invoiceBody, SALES_WAREHOUSE, type System, someId, startSystem } from './system';

const root = path.join(__dirname, '../..');

/** The example as libs/client/README.md tells to run it. */
const exampleCommand = /^node --require \S+ docs\/examples\/low-stock\.ts .*$/m.exec(
  readFileSync(path.join(root, 'libs/client/README.md'), 'utf8'),
)?.[0];

describe('what internal services import', () => {
  let system: System;
  let client: TallyClient;

  const clientOf = (more: { apiKey?: string } = {}) =>
    openClient({
      name: 'e2e',
      url: system.url,
      apiKey: READER_KEY,
      natsUrl: system.servers.natsUrl,
      namespace: system.naming.namespace,
      ...more,
    });

  beforeAll(async () => {
    system = await startSystem({ simulator: { SIMULATOR_ITEMS: '20' } });
    client = clientOf();
    await eventually(async () => expect((await client.getUnifiedStock(ITEM)).stock).toBe(120));
  }, 120_000);
  afterAll(async () => {
    await client?.close();
    await system?.stop();
  });

  it('reads the number that HTTP gives, alone and among others', async () => {
    const other = itemAt(1);
    const overHttp = await system.get(`/api/stock/${ITEM}`);
    expect(await client.getUnifiedStock(ITEM, { context: 'test', fetchOnMiss: true })).toEqual(overHttp);
    const answers = await client.getUnifiedStockBulk([ITEM, other, 'nobody-knows-it']);
    expect(answers.get(ITEM)).toEqual(overHttp);
    expect(answers.get(other)).toEqual(await system.get(`/api/stock/${other}`));
    expect(answers.get('nobody-knows-it')).toEqual({
      itemId: 'nobody-knows-it',
      warehouseId: SALES_WAREHOUSE,
      stock: null,
      source: 'unavailable',
      message: 'Check availability',
    });
  });

  it('follows a change, and reads no number older than it', async () => {
    const changes: StockChange[] = [];
    const failures: unknown[] = [];
    const subscription = client.subscribeStock({
      items: [ITEM],
      onChange: (change) => void changes.push(change),
      onFailure: (failure) => void failures.push(failure),
    });
    await subscription.caughtUp;
    const id = someId();
    const before = (await client.getUnifiedStock(ITEM)).stock ?? Number.NaN;
    for (const [quantity, version] of [
      [2, 0],
      [3, 10],
      [1, 20],
    ] as const) {
      await system.post(invoiceBody(quantity, { id, version }), { query: { event: 'invoice.updated' } });
      const change = await eventually(() => {
        const newest = changes.at(-1);
        expect(newest).toMatchObject({ stock: before - quantity, document: { id } });
        return newest as StockChange;
      });
      const answer = await client.getUnifiedStock(ITEM, { waitForSeq: change.seq });
      expect(answer).toMatchObject({ stock: change.stock, revision: change.revision });
      const answers = await client.getUnifiedStockBulk([ITEM], { waitForSeq: change.seq });
      expect(answers.get(ITEM)).toEqual(answer);
    }
    await system.post(invoiceBody(1, { id, version: 30, status: 'void' }), {
      query: { event: 'invoice.updated' },
    });
    await eventually(() => expect(changes.at(-1)).toMatchObject({ stock: before, reason: 'void' }));
    await subscription.close();
    expect(failures).toEqual([]);
  });

  it('says in the words of the API why a read has no answer', async () => {
    const stranger = clientOf({ apiKey: 'no-key-of-this-house' });
    await expect(stranger.getUnifiedStock(ITEM)).rejects.toMatchObject({ code: 'unauthorized', status: 401 });
    await expect(client.getUnifiedStock(ITEM, { warehouse: 'a b' })).rejects.toMatchObject({
      code: 'invalid_request',
      status: 400,
      errors: [{ path: 'warehouse' }],
    });
    await expect(client.getUnifiedStockBulk([ITEM], { waitForSeq: 1e9 })).rejects.toMatchObject({
      code: 'wait_timeout',
      status: 504,
    });
  });

  it('needs no Nest', () => {
    const loaded = `require('@tallystream/client');
      console.log(Object.keys(require.cache).filter((file) => /node_modules.(@nestjs|nestjs-)/.test(file)).length,
        Object.keys(require.cache).some((file) => file.includes('nats')));`;
    const hook = path.join(root, 'tests/typescript-hook.js');
    expect(execFileSync(process.execPath, ['--require', hook, '-e', loaded], { encoding: 'utf8' })).toBe(
      '0 true\n',
    );
  });

  describe('by the example in its README', () => {
    const running: ChildProcess[] = [];
    afterAll(() => Promise.all(running.map(stop)));

    const start = () => {
      const child = spawn('sh', ['-c', `exec ${exampleCommand}`], {
        cwd: root,
        env: {
          PATH: process.env.PATH,
          TALLY_URL: system.url,
          API_KEY: READER_KEY,
          NATS_URL: system.servers.natsUrl,
          NAMESPACE: system.naming.namespace,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      running.push(child);
      const output: string[] = [];
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (chunk) => output.push(chunk));
      return { child, output: () => output.join('') };
    };
    const stop = async (child: ChildProcess) => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill('SIGTERM');
      await once(child, 'exit');
      return child.exitCode;
    };
    const sell = async (quantity: number) => {
      const id = someId();
      await system.post(invoiceBody(quantity, { id }), { query: { event: 'invoice.created' } });
      return id;
    };
    const stockIs = (stock: number) =>
      eventually(async () => expect((await client.getUnifiedStock(ITEM)).stock).toBe(stock));

    it('hears of what sells out, and after a pause of what it missed', async () => {
      const first = start();
      await eventually(() => expect(first.output()).toBe(`${ITEM}: 120\n`));
      await sell(1);
      const last = await sell(2);
      await eventually(() => expect(first.output()).toMatch(/^\d+ is low: 117 left \(change \d+\)$/m));
      expect(await stop(first.child)).toBe(0);

      const voided = invoiceBody(2, { id: last, version: 10, status: 'void' });
      await system.post(voided, { query: { event: 'invoice.updated' } });
      await stockIs(119);
      await sell(12);
      await stockIs(107);
      const second = start();
      await eventually(() => expect(second.output()).toMatch(/is low: 107 left/));
      await eventually(() => expect(second.output()).toContain(`${ITEM}: 107\n`));
      expect(await stop(second.child)).toBe(0);
      expect(first.output() + second.output()).not.toMatch(/Error|rejected|unreadable|interrupted/);
    });
  });
});
