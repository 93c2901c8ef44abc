import { eventually } from '@tallystream/testing';
import { openStores, type Stores } from './stores';
import { invoiceBody, type System, someId, startSystem } from './system';

type Letter = Readonly<{ id: number; reason: string; status: string; sequence: number; retriedAs?: number }>;
type Letters = Readonly<{ items: readonly Letter[] }>;
type Counted = Readonly<{ count: number; run?: { status: string; stats: Record<string, number> } }>;
type Verified = Readonly<{
  ok: boolean;
  checks: readonly Readonly<{ check: string; broken: number; examples: readonly object[] }>[];
}>;

/** Four of these a level can bear, and no fifth. */
const MOST = 1_000_000_000;
const HOUR_MS = 3_600_000;

describe('on the night it matters, an operator', () => {
  let system: System;
  let stores: Stores;

  beforeAll(async () => {
    system = await startSystem({ env: { WATCH_EVERY_SECONDS: '1' } });
    stores = await openStores(system);
  }, 60_000);
  afterAll(async () => {
    await stores?.close();
    await system?.stop();
  });

  const receive = async (body: string): Promise<string> => (await system.post(body)).body.id;
  const became = (id: string, status: string) =>
    eventually(async () =>
      expect((await system.get<{ status: string }>(`/api/debug/webhook-log/${id}`)).status).toBe(status),
    );
  const letters = async (query = 'status=open') =>
    (await system.get<Letters>(`/api/ops/dead-letters?${query}`)).items;
  const act = async <T>(path: string, body: object = {}): Promise<T> => {
    const answer = await system.ask<T>(`/api/ops/${path}`, { body });
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const unreadable = () => invoiceBody(1, { id: someId() }).replace('"quantity":1', '"quantity":"viele"');
  const metrics = async () => (await fetch(`${system.url}/metrics`)).text();
  const verify = (body: object = {}) => act<Verified>('verify', body);
  const brokenIn = ({ checks }: Verified) =>
    checks.flatMap(({ check, broken, examples }) => (broken > 0 ? [{ check, broken, examples }] : []));

  it('finds a dead letter, puts right what killed it, retries it, and it is handled', async () => {
    const item = someId();
    const first = someId();
    for (const id of [first, someId(), someId(), someId()])
      await became(await receive(invoiceBody(MOST, { id, item })), 'applied');
    const fifth = await receive(invoiceBody(MOST, { id: someId(), item }));
    await became(fifth, 'dead');
    const [letter] = await letters('consumer=translator&reason=quantity_overflow');
    expect(letter).toMatchObject({ status: 'open', sequence: Number(fifth) });
    const voided = await receive(invoiceBody(MOST, { id: first, item, status: 'void', version: 1 }));
    await became(voided, 'applied');

    expect(await act<Letter>(`dead-letters/${letter?.id}/retry`)).toMatchObject({ status: 'retried' });
    await became(fifth, 'applied');
    expect(await letters()).toEqual([]);
    expect((await system.ask(`/api/ops/dead-letters/${letter?.id}/retry`, { body: {} })).status).toBe(409);
  });

  it('retries those that fit a filter, as many as the dry run counted, and discards what stays dead', async () => {
    await became(await receive(unreadable()), 'dead');
    await became(await receive(unreadable()), 'dead');
    const dead = await letters();
    expect(dead).toHaveLength(2);
    const filter = { consumer: 'translator', reason: dead[0]?.reason };
    expect(await act<Counted>('dead-letters/retry', { filter, dryRun: true })).toMatchObject({ count: 2 });
    expect(await letters()).toEqual(dead);
    expect(await act<Counted>('dead-letters/retry', { filter })).toMatchObject({
      count: 2,
      run: { status: 'completed', stats: { retried: 2 } },
    });
    const again = await eventually(async () => {
      const now = await letters();
      expect(now.map(({ id }) => id > (dead[0]?.id ?? 0))).toEqual([true, true]);
      return now;
    });
    for (const { id } of again) await act(`dead-letters/${id}/discard`, { note: 'Testdaten' });
    expect(await letters()).toEqual([]);
    await eventually(async () => expect(await metrics()).not.toMatch(/^tally_dead_letters\{.*\} [1-9]/m));
  });

  it('pauses a consumer, and resumes it', async () => {
    await act('consumers/translator/pause', { until: new Date(Date.now() + HOUR_MS).toISOString() });
    const waiting = await receive(invoiceBody(1, { id: someId() }));
    const translator = async () =>
      (await system.get<{ items: Record<string, unknown>[] }>('/api/ops/consumers')).items.find(
        ({ name }) => name === 'translator',
      );
    await eventually(async () => expect(await translator()).toMatchObject({ state: 'waiting', lag: 1 }));
    await act('consumers/translator/resume');
    await became(waiting, 'applied');
  });

  it('replays the inbox, and nothing changes', async () => {
    const before = await stores.balances();
    const [from, to] = [-HOUR_MS, HOUR_MS].map((ms) => new Date(Date.now() + ms).toISOString());
    const dry = await act<Counted>('inbox/replay', { from, to, dryRun: true });
    expect(dry).toMatchObject({ count: 0, run: { status: 'completed' } });
    expect(dry.run?.stats.known).toBeGreaterThan(5);
    expect(await act<Counted>('inbox/replay', { from, to })).toMatchObject({ count: 0 });
    expect(await stores.balances()).toEqual(before);
  });

  it('verifies that all is well; and is told which balance somebody altered', async () => {
    expect(brokenIn(await verify())).toEqual([]);
    expect(await system.get<Verified>('/api/ops/verify')).toMatchObject({ ok: true });

    const [row] = await stores.sql(
      'UPDATE balances SET on_hand = on_hand + 1 WHERE ctid = (SELECT min(ctid) FROM balances) RETURNING *',
    );
    const verified = await verify();
    expect(verified.ok).toBe(false);
    const level = { itemId: row.item_id, warehouseId: row.warehouse_id };
    const what = `onHand is ${Number(row.on_hand)}, not ${Number(row.on_hand) - 1}`;
    expect(brokenIn(verified)).toEqual([
      { check: 'balances', broken: 1, examples: [{ what, level, seq: Number(row.sequence) }] },
    ]);
    const isRaised = 'tally_alert{name="ledger-verify",severity="critical"} 1';
    await eventually(async () => expect((await metrics()).includes(isRaised)).toBe(true));
    await stores.sql(
      `UPDATE balances SET on_hand = ${Number(row.on_hand) - 1} WHERE item_id = '${row.item_id}'`,
    );
    expect(brokenIn(await verify({ scope: 'balances' }))).toEqual([]);
  });
});
