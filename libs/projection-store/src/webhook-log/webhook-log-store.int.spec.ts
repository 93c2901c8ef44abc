import { instantFrom, streamSeq, type WebhookOutcome } from '@tallystream/contracts';
import { freshNaming, testServers } from '@tallystream/testing';
import { encodeCursor } from '../cursor';
import type { Database } from '../database';
import { webhookLogDatabase } from './webhook-log-database';
import {
  findWebhook,
  listWebhooks,
  type WebhookLogFilter,
  webhookStatistics,
  writeWebhookLog,
} from './webhook-log-store';

jest.setTimeout(60_000);

const at = (seconds: number) => instantFrom(Date.UTC(2026, 0, 7) + seconds * 1000);

describe('the webhook log in Postgres', () => {
  const { schema } = freshNaming();
  let database: Database;

  beforeAll(() => {
    database = webhookLogDatabase({ url: testServers().databaseUrl, schema });
  });
  beforeEach(() => database.query('TRUNCATE webhook_log'));
  afterAll(async () => {
    await database.query(`DROP SCHEMA "${schema}" CASCADE`);
    await database.onApplicationShutdown();
  });

  const arrival = (sequence: number, entity = 'invoice'): WebhookOutcome => ({
    sequence: streamSeq(sequence),
    entity,
    event: 'updated',
    receivedAt: at(sequence),
    status: 'pending',
  });
  const applied = (sequence: number, rest: Partial<WebhookOutcome> = {}): WebhookOutcome => ({
    ...arrival(sequence),
    status: 'applied',
    document: { type: 'invoice', id: `doc-${sequence}`, number: `INV-${sequence}` },
    effect: '-3 onHand of pen in main',
    ...rest,
  });
  const write = (...entries: readonly (readonly [WebhookOutcome, number])[]) =>
    database.transaction((manager) =>
      writeWebhookLog(
        manager,
        entries.map(([outcome, outcomeSeq]) => ({ outcome, outcomeSeq })),
      ),
    );
  const find = (sequence: number) => findWebhook(database, streamSeq(sequence));
  const sequences = async (filter: Partial<WebhookLogFilter>) =>
    (await listWebhooks(database, { limit: 100, ...filter })).items.map(({ sequence }) => sequence);

  it('shows an arrival, then what became of it', async () => {
    await write([arrival(1), 0]);
    expect(await find(1)).toEqual(arrival(1));
    await write([applied(1), 4]);
    expect(await find(1)).toEqual(applied(1));
    expect(await find(2)).toBeUndefined();
  });

  it('an arrival that comes after the outcome changes nothing', async () => {
    await write([applied(1), 4]);
    await write([arrival(1), 0]);
    expect(await find(1)).toEqual(applied(1));
  });

  it('of two outcomes the later one wins, in any order and within one batch', async () => {
    const dead = { ...arrival(1), status: 'dead', error: 'bad_field: no number' } as const;
    await write([dead, 4]);
    await write([applied(1), 9]);
    expect(await find(1)).toEqual(applied(1));
    await write([dead, 4]);
    expect(await find(1)).toEqual(applied(1));
    await write([applied(2), 10], [{ ...dead, sequence: streamSeq(2) }, 11]);
    expect(await find(2)).toMatchObject({ status: 'dead', error: 'bad_field: no number' });
    expect(await find(2)).not.toHaveProperty('effect');
  });

  it('filters by status, entity and time of arrival, the newest first', async () => {
    await write(
      ...[1, 2, 3].map((sequence) => [arrival(sequence), 0] as const),
      [applied(4), 1],
      [applied(5, { entity: 'bill' }), 2],
    );
    expect(await sequences({})).toEqual([5, 4, 3, 2, 1]);
    expect(await sequences({ status: 'pending' })).toEqual([3, 2, 1]);
    expect(await sequences({ entity: 'bill' })).toEqual([5]);
    expect(await sequences({ status: 'applied', entity: 'invoice' })).toEqual([4]);
    expect(await sequences({ from: at(2), to: at(4) })).toEqual([3, 2]);
    expect(await sequences({ status: 'rejected' })).toEqual([]);
  });

  it('pages show each webhook once while more come in', async () => {
    await write(...[1, 2, 3, 4, 5].map((sequence) => [arrival(sequence), 0] as const));
    const first = await listWebhooks(database, { limit: 2 });
    await write([arrival(6), 0], [applied(3), 1]);
    const second = await listWebhooks(database, { limit: 2, cursor: first.nextCursor ?? '' });
    const third = await listWebhooks(database, { limit: 2, cursor: second.nextCursor ?? '' });
    const pages = [first, second, third].map(({ items }) => items.map(({ sequence }) => sequence));
    expect(pages).toEqual([[5, 4], [3, 2], [1]]);
    expect(third.nextCursor).toBeNull();
  });

  it.each([
    'forged',
    'W10',
    encodeCursor(['1']),
    encodeCursor([1.5]),
    encodeCursor([1, 2]),
    encodeCursor([2 ** 60]),
  ])('refuses the cursor %p, which it did not give out', async (cursor) => {
    await expect(listWebhooks(database, { limit: 2, cursor })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it('counts what became of webhooks since a moment, and how long they took', async () => {
    const handled = (outcome: WebhookOutcome, seconds: number, outcomeSeq: number) => ({
      outcome,
      outcomeSeq,
      handledAt: instantFrom(Date.parse(outcome.receivedAt) + seconds * 1_000),
    });
    await database.transaction((manager) =>
      writeWebhookLog(manager, [
        handled(applied(1), 100, 1),
        handled(applied(10), 1, 2),
        handled(applied(11, { status: 'dead' }), 2, 3),
        handled({ ...applied(12), entity: 'bill' }, 3, 4),
        { outcome: arrival(13), outcomeSeq: 0 },
      ]),
    );
    expect(await webhookStatistics(database, at(10))).toEqual({
      entities: [
        { entity: 'bill', byStatus: { applied: 1 } },
        { entity: 'invoice', byStatus: { applied: 1, dead: 1, pending: 1 } },
      ],
      meanDelaySeconds: 2,
    });
    expect(await webhookStatistics(database, at(100))).toEqual({ entities: [] });
  });
});
