import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { type AuditApp, ink, minute, observe, pen, sell, startAuditApp } from './spec/audit-app';

jest.setTimeout(60_000);

/** What differs from run to run, by its name. */
const masked = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (name === 'id' && typeof inner === 'string' && /^[0-9a-f-]{36}$/.test(inner))
        return [name, '<uuid>'];
      if (name === 'recordedAt') return [name, '<time>'];
      if (name === 'hash' || name === 'previousHash') return [name, '<hash>'];
      if (name === 'subject') return [name, String(inner).replace(/^t[0-9a-f]{12}\./, '')];
      return [name, masked(inner)];
    }),
  );
};

const golden = (name: string): unknown =>
  JSON.parse(readFileSync(path.join(__dirname, 'golden', `${name}.json`), 'utf8'));

describe('the answers of the audit trail', () => {
  let audit: AuditApp;

  beforeAll(async () => {
    audit = await startAuditApp();
    const { ledger } = audit;
    await observe(ledger, pen, 120);
    await observe(ledger, ink, 50);
    await sell(ledger, '7', 10, [pen, ink]);
    await sell(ledger, '7', 12, [pen]);
    await audit.taken(8);
  });
  afterAll(() => audit?.stop());

  it.each([
    ['events', `events?item=pen&order=asc`],
    ['event', 'events/4'],
    ['event-of-document', 'events/3'],
    ['timeline', 'timeline?item=ink&warehouse=main'],
    ['document', 'documents/invoice/7'],
    ['balance-at', 'balance-at?item=pen&warehouse=main&at=4'],
    ['balance-at-before', 'balance-at?item=pen&warehouse=main&at=2026-01-07T00:00:00Z'],
    ['stock-at', 'stock-at?warehouse=main&at=5'],
    ['verify', 'verify?from=2&to=7'],
  ])('%s is shaped as golden/%s.json', async (name, question) => {
    const { status, body } = await audit.ask(question);
    expect(status).toBe(200);
    expect(masked(body)).toEqual(golden(name));
  });

  it('name what stood before and after each movement, so that the chain of balances adds up', async () => {
    const { body } = await audit.ask('timeline?item=pen&warehouse=main&order=asc');
    const moves = body.items as { revision: number; before: object; after: object }[];
    expect(moves.map(({ revision }) => revision)).toEqual([1, 2, 3]);
    for (const [n, move] of moves.entries()) if (n > 0) expect(move.before).toEqual(moves[n - 1]?.after);
  });

  it('take a level as it was when an event had been recorded, by its time as by its sequence', async () => {
    const { body: event } = await audit.ask('events/8');
    const { body: byTime } = await audit.ask(`balance-at?item=pen&warehouse=main&at=${event.recordedAt}`);
    const { body: bySeq } = await audit.ask('balance-at?item=pen&warehouse=main&at=8');
    expect([byTime.stock, bySeq.stock]).toEqual([108, 108]);
  });

  it('wait for what their caller wrote', async () => {
    const { seq = 0 } = await sell(audit.ledger, '8', 10, [pen]);
    const { status, body } = await audit.ask(
      `balance-at?item=pen&warehouse=main&at=${seq}&waitForSeq=${seq}`,
    );
    expect([status, (body.event as { seq: number }).seq]).toEqual([200, seq]);
  });

  it('need the role auditor', async () => {
    for (const route of [
      'events',
      'events/1',
      'timeline',
      'documents/invoice/7',
      'balance-at',
      'stock-at',
      'export',
      'verify',
    ]) {
      expect((await audit.ask(route, '')).status).toBe(401);
      expect((await audit.ask(route, audit.readerKey)).status).toBe(403);
    }
  });

  const level = 'item=pen&warehouse=main';
  it.each([
    ['events?cursor=forged', 'cursor'],
    ['events?cursor=W10', 'cursor'],
    ['events?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z', 'to'],
    ['events?document=letter:7', 'document'],
    ['events?cause=fate', 'cause'],
    ['events?reason=whim', 'reason'],
    ['events?limit=0', 'limit'],
    ['events?order=sideways', 'order'],
    ['events/0', 'seq'],
    ['events/-1', 'seq'],
    ['events/1.5', 'seq'],
    ['events/99999999999999999999', 'seq'],
    ['events/next', 'seq'],
    ['timeline?item=pen', 'warehouse'],
    ['documents/letter/7', 'type'],
    ['documents/invoice/a.b', 'id'],
    ['documents/invoice/7?cursor=forged', 'cursor'],
    [`balance-at?${level}`, 'at'],
    [`balance-at?${level}&at=0`, 'at'],
    [`balance-at?${level}&at=-3`, 'at'],
    [`balance-at?${level}&at=99999999999999999999`, 'at'],
    [`balance-at?${level}&at=yesterday`, 'at'],
    [`balance-at?${level}&at=2999-01-01T00:00:00Z`, 'at'],
    [`balance-at?${level}&at=1000000`, 'at'],
    ['stock-at?warehouse=main&at=1000000', 'at'],
    ['stock-at?warehouse=main&at=3&cursor=forged', 'cursor'],
    ['export', 'format'],
    ['export?format=xlsx', 'format'],
    ['export?format=csv&cursor=forged', 'cursor'],
    ['export?format=csv&from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z', 'to'],
    ['verify?from=5&to=3', 'to'],
    ['verify?from=0', 'from'],
    ['verify?to=1000000', 'to'],
    ['verify?to=2999-01-01T00:00:00Z', 'to'],
  ])('%s: 400, and it says where', async (question, field) => {
    const { status, body } = await audit.ask(question);
    expect(body).toMatchObject({ code: 'invalid_request', errors: [{ path: field }] });
    expect(status).toBe(400);
  });

  it.each(['events/4711', 'documents/bill/7'])('%s: 404', async (question) => {
    expect(await audit.ask(question)).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  describe('exported', () => {
    const text = async (question: string) => (await audit.fetch(`export?${question}`)).text();
    const rows = (csv: string) =>
      parse(csv, { columns: true, bom: true }) as Readonly<Record<string, string>>[];

    it('are one JSON object a line, as the list has them', async () => {
      const { body } = await audit.ask('events?item=pen&order=asc');
      const lines = (await text('format=ndjson&item=pen')).trimEnd().split('\n');
      expect(lines.map((line) => JSON.parse(line))).toEqual(body.items);
    });

    it('are CSV: numbers as numbers, also negative ones', async () => {
      const response = await audit.fetch('export?format=csv&document=invoice:7');
      expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
      expect(response.headers.get('content-disposition')).toContain('attachment');
      const [applied, , moved] = rows(await response.text());
      expect(applied).toMatchObject({ seq: '3', type: 'DocumentApplied', itemId: '', 'delta.onHand': '' });
      expect(moved).toMatchObject({
        seq: '5',
        itemId: 'pen',
        'delta.onHand': '-10',
        'after.onHand': '110',
        documentNumber: 'INV-7',
        causeId: '7-10',
        actor: 'zoho',
        occurredAt: minute(10),
      });
    });

    it('begin with the mark by which spreadsheets know Arabic names', async () => {
      const bytes = Buffer.from(await (await audit.fetch('export?format=csv')).arrayBuffer());
      expect(bytes.subarray(0, 3).toString('hex')).toBe('efbbbf');
    });

    it.each(['asc', 'desc'])('%s go on behind the last line that somebody has', async (order) => {
      const whole = (await text(`format=csv&order=${order}`)).split('\r\n');
      const cut = whole.slice(0, 4);
      const [seq] = cut.at(-1)?.split(',') ?? [];
      const rest = await text(`format=csv&order=${order}&cursor=${seq}`);
      expect([...cut, ...rest.split('\r\n')]).toEqual(whole);
    });
  });
});
