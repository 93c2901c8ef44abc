import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '@tallystream/testing';
import { openSender } from './fuzz-sender';
import { openStores, type Stores } from './stores';
import { invoiceBody, SALES_WAREHOUSE, type System, startSystem, WEBHOOK_SECRET } from './system';

const ITEMS = Array.from({ length: 10 }, (_, n) => `item-${n}`);
const INVOICES = 300;
const SENDERS = 8;
const RECOVERED_WITHIN_MS = 10_000;

const itemOf = (n: number): string => ITEMS[n % ITEMS.length] ?? '';
const quantityOf = (n: number): number => 1 + (n % 3);

describe('kill -9 between webhook and projection', () => {
  let system: System;
  let stores: Stores;

  beforeAll(async () => {
    system = await startSystem();
    stores = await openStores(system);
  }, 60_000);
  afterAll(async () => {
    await stores?.close();
    await system?.stop();
  });

  it('loses nothing and repeats nothing: after the restart all stores agree', async () => {
    const left = Array.from({ length: INVOICES }, (_, n) => n);
    const accepted = new Set<number>();
    let isKilled = false;
    const send = async (n: number) => {
      const body = invoiceBody(quantityOf(n), { id: `inv-${n}`, item: itemOf(n) });
      expect((await system.post(body)).status).toBe(202);
      accepted.add(n);
    };
    const sendMany = async () => {
      for (let n = left.shift(); n !== undefined; n = left.shift())
        await send(n).catch((error: unknown) => {
          if (!isKilled) throw error;
        });
    };
    const killInTheMiddle = async () => {
      await eventually(() => expect(accepted.size).toBeGreaterThan(INVOICES / 4));
      isKilled = true;
      await system.kill('SIGKILL');
    };
    await Promise.all([killInTheMiddle(), ...Array.from({ length: SENDERS }, sendMany)]);
    const cutOff = Array.from({ length: INVOICES }, (_, n) => n).filter((n) => !accepted.has(n));
    expect(cutOff).not.toEqual([]);

    await system.restart();
    // As Zoho does when it had no answer, whether or not the webhook had been stored by then.
    for (const n of cutOff) await send(n);
    const expected = new Map<string, number>();
    for (const n of accepted) expected.set(itemOf(n), (expected.get(itemOf(n)) ?? 0) - quantityOf(n));
    await eventually(async () => {
      const rows = await stores.balances();
      expect(new Map(rows.map((row) => [row.item_id, Number(row.on_hand)]))).toEqual(expected);
      for (const row of rows) {
        const cached = await stores.levelInRedis(row.item_id, SALES_WAREHOUSE);
        expect([row.item_id, Number(cached.onHand), Number(cached.revision)]).toEqual([
          row.item_id,
          Number(row.on_hand),
          row.revision,
        ]);
      }
      // One record and one move per invoice, each once.
      expect(await stores.auditCount()).toBe(2 * INVOICES);
    }, RECOVERED_WITHIN_MS);
    // The log is a projection of its own.
    await eventually(async () => {
      const log = await system.get<{ items: { status: string }[] }>(
        `/api/debug/webhook-log?status=applied&limit=${INVOICES}`,
      );
      expect(log.items).toHaveLength(INVOICES);
    }, RECOVERED_WITHIN_MS);
  }, 90_000);

  it('ends within 10 seconds when asked to, whoever goes on posting, and keeps what it accepted', async () => {
    const accepted: string[] = [];
    let posted = 0;
    const sender = openSender(system.url, WEBHOOK_SECRET, SENDERS);
    const postUntilItEnds = async () => {
      for (;;) {
        const id = `last-${++posted}`;
        const body = Buffer.from(invoiceBody(1, { id, item: 'item-last' }));
        const webhook = { path: '/api/webhooks/zoho', query: '', contentType: 'application/json', body };
        // At once on the same connection, so that none is ever idle.
        const answer = await sender.post(webhook).catch(() => undefined);
        if (!answer) return;
        expect(answer.status).toBe(202);
        accepted.push(id);
      }
    };
    const posting = Array.from({ length: SENDERS }, postUntilItEnds);
    await eventually(() => expect(accepted.length).toBeGreaterThan(2 * SENDERS));
    const stopped = system.kill('SIGTERM').then(() => 'stopped');
    const became = await Promise.race([stopped, pause(10_000, 'still there', { ref: false })]);
    // One that does not end is not to hold up whoever comes next.
    await system.kill('SIGKILL');
    await Promise.all(posting);
    sender.close();
    expect(became).toBe('stopped');

    await system.restart();
    await eventually(async () => {
      const rows = await stores.sql("SELECT document_id FROM audit_events WHERE item_id = 'item-last'");
      const kept = new Set(rows.map((row) => row.document_id));
      expect(accepted.filter((id) => !kept.has(id))).toEqual([]);
    }, 60_000);
  }, 120_000);
});
