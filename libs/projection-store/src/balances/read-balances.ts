import { type LevelClaim } from '@tallystream/contracts';
import type { Database } from '../database';
import { BALANCE_COLUMNS, type BalanceRow, balanceOf } from './balance-store';

const PAGE = 2_000;

/**
 * Every row of the balances, in pages, each row once; one that is written meanwhile is seen as it was or as it is.
 * @throws Problem `store_unavailable`
 */
export async function* readBalances(database: Database): AsyncGenerator<readonly LevelClaim[]> {
  let last: BalanceRow | undefined;
  for (;;) {
    const rows: readonly BalanceRow[] = await database.query<BalanceRow>(
      `SELECT ${BALANCE_COLUMNS} FROM balances b ${last ? 'WHERE (b.warehouse_id, b.item_id) > ($1, $2)' : ''}
       ORDER BY b.warehouse_id, b.item_id LIMIT ${PAGE}`,
      last ? [last.warehouseId, last.itemId] : [],
    );
    if (rows.length > 0) yield rows.map(claimOf);
    last = rows.at(-1);
    if (rows.length < PAGE || !last) return;
  }
}

const claimOf = (row: BalanceRow): LevelClaim => {
  const { itemId, warehouseId, quantities, provisional, disputed, revision, seq, baselineAsOf } =
    balanceOf(row);
  return {
    level: { itemId, warehouseId },
    claimed: {
      quantities,
      provisional,
      revision,
      seq,
      ...(disputed ? { disputed } : {}),
      ...(baselineAsOf ? { baselineAsOf } : {}),
    },
  };
};
