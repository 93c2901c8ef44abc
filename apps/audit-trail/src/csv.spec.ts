import { instantFrom, streamSeq } from '@tallystream/contracts';
import type { AuditEntry } from '@tallystream/projection-store';
import { parse } from 'csv-parse/sync';
import { csvHeader, csvLines } from './csv';

const entry = (more: Partial<AuditEntry>): AuditEntry => ({
  seq: streamSeq(1),
  id: 'event-1',
  type: 'StockChanged',
  cause: { kind: 'webhook', id: '1', actor: 'zoho' },
  actor: 'zoho',
  occurredAt: instantFrom(0),
  recordedAt: instantFrom(0),
  hash: 'ab',
  ...more,
});
const read = (...entries: readonly AuditEntry[]): readonly Readonly<Record<string, string>>[] =>
  parse(csvHeader + csvLines(entries), { columns: true, bom: true });

describe('CSV of the audit trail', () => {
  it.each([
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\tx',
    '\rx',
    '＝1',
    '＋1',
    '－1',
    '＠x',
    '=HYPERLINK("http://x","y")',
  ])('makes no formula of %p, whichever column it is in', (text) => {
    const cells = Object.values(
      read(
        entry({
          itemName: text,
          warehouseName: text,
          actor: text,
          cause: { kind: 'api', id: text, actor: text },
        }),
      )[0] ?? {},
    );
    expect(cells.filter((cell) => cell === `'${text}`)).toHaveLength(4);
    expect(cells.filter((cell) => /^[=+\-@\t\r＝＋－＠]/.test(cell))).toEqual([]);
  });

  it('leaves numbers to be counted with', () => {
    const [row] = read(entry({ delta: { onHand: -3, committed: 0.000001, reserved: -1e9 } }));
    expect(row).toMatchObject({
      'delta.onHand': '-3',
      'delta.committed': '0.000001',
      'delta.reserved': '-1000000000',
    });
  });

  it('keeps quotes, commas, line ends and Arabic in their cell', () => {
    const itemName = 'شاي "أخضر", 100 g\nnew';
    expect(read(entry({ itemName }), entry({}))).toMatchObject([{ itemName }, { itemName: '' }]);
  });
});
