import { quantityNames, type StockChanged } from '@tallystream/contracts';
import { differences } from './invariants';
import type { LedgerEvent } from './ledger-events';
import type { Stores } from './stores';

/** The newest event of each level. */
const newestOf = (moves: readonly StockChanged[]): readonly StockChanged[] => [
  ...new Map(moves.map((move) => [`${move.itemId}@${move.warehouseId}`, move])).values(),
];

const line = (of: readonly unknown[]): string => of.join(' ');

/** Postgres, level for level: what the stream has and the table has not, and the other way about. */
export const unlikePostgres = async (stores: Stores, moves: readonly StockChanged[]) =>
  differences(
    newestOf(moves).map(({ itemId, warehouseId, revision, provisional, after }) =>
      line([itemId, warehouseId, revision, provisional, ...quantityNames.map((name) => after[name])]),
    ),
    (await stores.balances()).map((row) =>
      line([
        row.item_id,
        row.warehouse_id,
        row.revision,
        row.provisional,
        Number(row.on_hand),
        Number(row.committed),
        Number(row.physical_on_hand),
        Number(row.physical_committed),
        Number(row.in_transit),
        Number(row.reserved),
      ]),
    ),
  );

/** Redis, level for level. */
export const unlikeRedis = async (stores: Stores, moves: readonly StockChanged[]) => {
  const newest = newestOf(moves);
  const cached = await Promise.all(
    newest.map(async ({ itemId, warehouseId }) => {
      const hash = await stores.levelInRedis(itemId, warehouseId);
      return line([itemId, warehouseId, hash.revision, ...quantityNames.map((name) => hash[name])]);
    }),
  );
  return differences(
    newest.map(({ itemId, warehouseId, revision, after }) =>
      line([itemId, warehouseId, revision, ...quantityNames.map((name) => after[name])]),
    ),
    cached,
  );
};

/** The audit trail, event for event and to the byte. */
export const unlikeAudit = async (stores: Stores, events: readonly LedgerEvent[]) =>
  differences(
    events.map(({ seq, subject, text }) => line([seq, subject, text])),
    (await stores.sql('SELECT sequence, subject, data FROM audit_events')).map((row) =>
      line([row.sequence, row.subject, row.data]),
    ),
  );
