import {
  type Cause,
  documentIdSchema,
  instantFrom,
  itemIdSchema,
  type LevelRef,
  warehouseIdSchema,
} from '@tallystream/contracts';
import type { StockDocument } from '@tallystream/domain';

export const LINES = 5;
/** One `DocumentApplied` and a `StockChanged` for each line. */
export const EVENTS_PER_DOCUMENT = 1 + LINES;

/** `hot`: documents share this many levels, as a shop's do; `unique`: no two documents share one. */
export type Levels = Readonly<{ hot: number }> | 'unique';

const WAREHOUSES = [7_024, 7_088, 9_999].map((tail) => warehouseIdSchema.parse(zohoId(77_000_000 + tail)));
const FIRST = Date.UTC(2026, 0, 7);

/** Invoices as libs/zoho makes them out of webhooks, and what caused them; the same ones at every run, from the `first` on. */
export const documents = (
  count: number,
  levels: Levels,
  first = 0,
): readonly Readonly<{ document: StockDocument; cause: Cause }>[] =>
  Array.from({ length: count }, (_, index) => {
    const n = first + index;
    const time = instantFrom(FIRST + n * 1_000);
    return {
      cause: { kind: 'webhook', id: String(n + 1), actor: 'zoho' },
      document: {
        type: 'invoice',
        id: documentIdSchema.parse(zohoId(500_000_000 + n)),
        number: `INV-${String(n).padStart(6, '0')}`,
        status: 'sent',
        deleted: false,
        createdAt: time,
        modifiedAt: time,
        lines: Array.from({ length: LINES }, (_, line) => {
          const level = levels === 'unique' ? n * LINES + line : hotLevel(n, line, levels.hot);
          return { ...refOf(level), sku: `SKU-${String(level).padStart(6, '0')}`, quantity: 1 + (n % 7) };
        }),
      },
    };
  });

/** The lines of a document lie a fifth of the levels apart, so they never meet; which ones is scattered by a prime. */
const hotLevel = (document: number, line: number, hot: number): number =>
  (document * 7_919 + line * Math.floor(hot / LINES)) % hot;

const refOf = (level: number): LevelRef => ({
  itemId: itemIdSchema.parse(zohoId(1_000_000 + Math.floor(level / WAREHOUSES.length))),
  warehouseId: WAREHOUSES[level % WAREHOUSES.length] ?? WAREHOUSES[0] ?? missing(),
});

function missing(): never {
  throw new Error('there are no warehouses');
}

/** Zoho's ids have 19 digits. */
function zohoId(tail: number): string {
  return `2646610000${String(tail).padStart(9, '0')}`;
}
