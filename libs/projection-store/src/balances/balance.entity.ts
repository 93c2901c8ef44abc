import { Column, Entity, PrimaryColumn } from 'typeorm';

const quantity = { type: 'numeric', precision: 20, scale: 6 } as const;

/** One row per stock level. Quantities in units of the item; `numeric` arrives as text. */
@Entity('balances')
export class BalanceEntity {
  @PrimaryColumn('text', { name: 'warehouse_id' })
  warehouseId!: string;
  @PrimaryColumn('text', { name: 'item_id' })
  itemId!: string;
  @Column('text', { nullable: true })
  sku!: string | null;
  @Column({ ...quantity, name: 'on_hand' })
  onHand!: string;
  @Column({ ...quantity })
  committed!: string;
  @Column({ ...quantity, name: 'physical_on_hand' })
  physicalOnHand!: string;
  @Column({ ...quantity, name: 'physical_committed' })
  physicalCommitted!: string;
  @Column({ ...quantity, name: 'in_transit' })
  inTransit!: string;
  @Column({ ...quantity })
  reserved!: string;
  /** Available for sale by Zoho's number, while a drift is held for review. */
  @Column({ ...quantity, nullable: true })
  disputed!: string | null;
  /** Never observed in Zoho: the quantities are only what has moved since. */
  @Column('boolean')
  provisional!: boolean;
  @Column('integer')
  revision!: number;
  /** Stream sequence of the event that made the row. */
  @Column('bigint')
  sequence!: string;
  @Column('timestamptz', { name: 'baseline_as_of', nullable: true })
  baselineAsOf!: Date | null;
  @Column('timestamptz', { name: 'occurred_at' })
  occurredAt!: Date;
  @Column('timestamptz', { name: 'recorded_at' })
  recordedAt!: Date;
}
