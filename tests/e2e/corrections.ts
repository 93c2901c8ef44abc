import type { StockChanged } from '@tallystream/contracts';
import type { TrueLevel } from './simulator';
import type { System } from './system';

type Moment = Readonly<{
  at: string;
  action: string;
  document: Readonly<{ type: string; id: string }> | null;
  quantities: TrueLevel | null;
}>;

/** What Zoho knows of a level: what is reserved is ours. */
const inZoho = ['onHand', 'committed', 'physicalOnHand', 'physicalCommitted', 'inTransit'] as const;

/**
 * Corrections that should not have been, by Zoho's own history: of a level that was right when Zoho was asked, or
 * of one that a document can explain. A deletion whose webhook is lost is on no list, so nothing else explains it; nor
 * does anything tell of a void before it, whose webhook was lost as well: to the level, deleting it is nothing more.
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
    const isExplained = await isAnyDeleted(zoho, until);
    if (wasRight || !isExplained)
      wrong.push({ wasRight, isExplained, then, moments: moments.slice(-8), ledger: upTo(move, moves) });
  }
  return wrong;
};

/** What had moved the level, the correction last. */
const upTo = ({ itemId, warehouseId, revision }: StockChanged, moves: readonly StockChanged[]) =>
  moves
    .filter((one) => one.itemId === itemId && one.warehouseId === warehouseId && one.revision <= revision)
    .slice(-8);

const isAnyDeleted = async (zoho: System['zoho'], moments: readonly Moment[]): Promise<boolean> => {
  if (moments.some(({ action }) => action.endsWith('.delete'))) return true;
  for (const { document } of moments) {
    const isThere = async ({ type, id }: NonNullable<Moment['document']>) =>
      zoho.get(`documents/${type}/${id}`).then(
        () => true,
        (error: Error) => {
          if (error.message.includes('answered 404')) return false;
          throw error;
        },
      );
    if (document && !(await isThere(document))) return true;
  }
  return false;
};

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;
