import {
  decodeEvent,
  deltaSchema,
  disputedSchema,
  forSale,
  forSaleBefore,
  type Instant,
  instantSchema,
  itemIdSchema,
  quantitiesSchema,
  type Reason,
  readLevel,
  reasonSchema,
  type StockChanged,
  type StreamSeq,
  streamSeqSchema,
  UnreadableEvent,
  warehouseIdSchema,
} from '@tallystream/contracts';
import { z } from 'zod';

/**
 * What subscribers over HTTP are told of a `StockChanged`: the number as reads say it, and what moved it. Who did and
 * with which document is for auditors, at /audit.
 */
export const stockChangeSchema = z.object({
  seq: streamSeqSchema.meta({ description: 'Position in the stream: send the last one to go on from there' }),
  itemId: itemIdSchema,
  warehouseId: warehouseIdSchema,
  sku: z.string().optional(),
  stock: z.number().meta({ description: 'Available for sale now; null when it is not known' }).nullable(),
  quantities: quantitiesSchema,
  disputed: disputedSchema.optional(),
  delta: deltaSchema.meta({ description: 'By how much each quantity moved; those that did not are absent' }),
  provisional: z.boolean().meta({ description: 'Never observed in Zoho: the quantities are no numbers yet' }),
  revision: z.int().meta({ description: '1, 2, 3, … per level, without gaps' }),
  reason: reasonSchema,
  asOf: instantSchema
    .optional()
    .meta({ description: "Zoho's time of the last observation that wrote the level" }),
  occurredAt: instantSchema.meta({ description: 'When it happened, by Zoho' }),
  recordedAt: instantSchema.meta({ description: 'When the ledger recorded it' }),
});
export type StockChange = z.infer<typeof stockChangeSchema>;

/** The same over Socket.IO, in the words of its protocol. */
export type InventoryUpdate = Readonly<{
  productId: string;
  warehouseId: string;
  /** Available for sale; null while nobody knows. */
  oldQuantity: number | null;
  newQuantity: number | null;
  quantities: StockChanged['after'];
  reason: Reason;
  revision: number;
  seq: number;
  /** When it happened, by Zoho. */
  timestamp: string;
}>;

/** A change in the form of each way out. */
export type ReadChange = Readonly<{ change: StockChange; update: InventoryUpdate; text: string }>;

/** @throws UnreadableEvent */
export const readChange = (
  message: Readonly<{
    seq: StreamSeq;
    subject: string;
    ceType: string | undefined;
    data: Uint8Array;
    storedAt: Instant;
  }>,
): ReadChange => {
  const { seq, subject, ceType, data, storedAt } = message;
  const event = decodeEvent(ceType ?? '', data);
  if (event.type !== 'StockChanged') throw new UnreadableEvent(`${subject} holds a ${event.type} at ${seq}`);
  const { itemId, warehouseId, sku, delta, provisional, revision, reason, baselineAsOf, occurredAt } =
    event.data;
  const { quantities, disputed } = readLevel(event.data);
  const stock = forSale({ quantities, provisional, ...(disputed ? { disputed } : {}) });
  const change: StockChange = {
    seq,
    itemId,
    warehouseId,
    ...(sku === undefined ? {} : { sku }),
    stock,
    quantities,
    ...(disputed ? { disputed } : {}),
    delta,
    provisional,
    revision,
    reason,
    ...(baselineAsOf ? { asOf: baselineAsOf } : {}),
    occurredAt,
    recordedAt: storedAt,
  };
  const update: InventoryUpdate = {
    productId: itemId,
    warehouseId,
    oldQuantity: forSaleBefore(event.data),
    newQuantity: stock,
    quantities,
    reason,
    revision,
    seq,
    timestamp: occurredAt,
  };
  return { change, update, text: `id: ${seq}\ndata: ${JSON.stringify(change)}\n\n` };
};
