import { z } from 'zod';

/**
 * Ids are Zoho's own, kept as strings: they have 19 digits, more than a JavaScript number holds. They
 * become tokens of NATS subjects, so what a subject cannot carry is refused at the edge.
 */
const subjectToken = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of the characters A-Z a-z 0-9 _ -');

export const itemIdSchema = subjectToken.brand<'ItemId'>();
export const warehouseIdSchema = subjectToken.brand<'WarehouseId'>();
export const documentIdSchema = subjectToken.brand<'DocumentId'>();
/** A run of ours: a sweep, a replay. */
export const runIdSchema = subjectToken.brand<'RunId'>();
/** Position of a message in a JetStream stream, 1, 2, 3, …; 0 means "before the first". */
export const streamSeqSchema = z.int().nonnegative().brand<'StreamSeq'>();

export type ItemId = z.infer<typeof itemIdSchema>;
export type WarehouseId = z.infer<typeof warehouseIdSchema>;
export type DocumentId = z.infer<typeof documentIdSchema>;
export type RunId = z.infer<typeof runIdSchema>;
export type StreamSeq = z.infer<typeof streamSeqSchema>;

/** One stock level: what one warehouse holds of one item. */
export type LevelRef = Readonly<{ itemId: ItemId; warehouseId: WarehouseId }>;

/** Key of a level in maps and logs: `<warehouse>.<item>`, the tail of its subject. */
export const levelKey = ({ warehouseId, itemId }: LevelRef): string => `${warehouseId}.${itemId}`;

export const streamSeq = (value: number): StreamSeq => streamSeqSchema.parse(value);
