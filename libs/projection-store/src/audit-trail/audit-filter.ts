import type { Instant, ItemId, StreamSeq, WarehouseId } from '@tallystream/contracts';
import { type Conditions, conditions } from '../conditions';

/** What an auditor looks for; everything that is given must hold. */
export type AuditFilter = Readonly<{
  item?: ItemId;
  warehouse?: WarehouseId;
  document?: Readonly<{ type: string; id: string }>;
  reason?: string;
  cause?: Readonly<{ kind: string; id?: string }>;
  actor?: string;
  /** By the time of the happening, from inclusive, to exclusive. */
  from?: Instant;
  to?: Instant;
  /** Only what moved a level. */
  movements?: true;
  /** Nothing that was recorded behind it. */
  upTo?: StreamSeq;
  order: 'asc' | 'desc';
}>;

/** The filter as conditions on rows of `audit_events`. */
export const conditionsOf = (filter: AuditFilter): Conditions => {
  const where = conditions();
  where.addIf('item_id = ?', filter.item);
  where.addIf('warehouse_id = ?', filter.warehouse);
  if (filter.document)
    where.add('document_type = ? AND document_id = ?', filter.document.type, filter.document.id);
  where.addIf('reason = ?', filter.reason);
  where.addIf('cause_kind = ?', filter.cause?.kind);
  where.addIf('cause_id = ?', filter.cause?.id);
  where.addIf('actor = ?', filter.actor);
  where.addIf('occurred_at >= ?', filter.from);
  where.addIf('occurred_at < ?', filter.to);
  where.addIf('sequence <= ?', filter.upTo);
  if (filter.movements) where.add(`type = 'StockChanged'`);
  return where;
};

/** Whether an index leads to the rows one after the other, or to few of them. */
export const hasIndex = ({ item, document, cause, ...rest }: AuditFilter): boolean => {
  const { warehouse, reason, actor, from, to } = rest;
  return Boolean(item || document || cause?.id) || !(warehouse || reason || cause || actor || from || to);
};
