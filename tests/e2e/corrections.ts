import type { StockChanged } from '@tallystream/contracts';
import type { TrueLevel } from './simulator';
import type { System } from './system';

type Moment = Readonly<{ at: string; quantities: TrueLevel | null }>;

/** What Zoho knows of a level: what is reserved is ours. */
const inZoho = ['onHand', 'committed', 'physicalOnHand', 'physicalCommitted', 'inTransit'] as const;

/**
 * Corrections that should not have been: of a level that was right when Zoho was asked, by Zoho's own history. One of
 * a level that was wrong is right, whatever made it so: of a document whose version in between was lost, an
 * observation may hold that version, and then no later one undoes it.
 */
export const falseCorrections = async (
  { zoho }: Pick<System, 'zoho'>,
  moves: readonly StockChanged[],
): Promise<readonly unknown[]> => {
  const wrong: unknown[] = [];
  for (const move of moves) {
    const moved = inZoho.filter((name) => (move.delta[name] ?? 0) !== 0);
    if (move.reason !== 'reconciliation' || moved.length === 0) continue;
    const { itemId, warehouseId, after, delta, baselineAsOf = '' } = move;
    const query = new URLSearchParams({ itemId, warehouseId });
    const { moments } = await zoho.get<{ moments: readonly Moment[] }>(`history?${query}`);
    const until = moments.filter(({ at }) => Date.parse(at) <= Date.parse(baselineAsOf));
    const then = until.at(-1)?.quantities;
    const wasRight = moved.every((name) => then?.[name] === rounded(after[name] - (delta[name] ?? 0)));
    if (wasRight) wrong.push({ then, moments: moments.slice(-8), ledger: upTo(move, moves) });
  }
  return wrong;
};

/** What had moved the level, the correction last. */
const upTo = ({ itemId, warehouseId, revision }: StockChanged, moves: readonly StockChanged[]) =>
  moves
    .filter((one) => one.itemId === itemId && one.warehouseId === warehouseId && one.revision <= revision)
    .slice(-8);

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;
