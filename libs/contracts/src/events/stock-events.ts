import { z } from 'zod';
import { documentIdSchema, itemIdSchema, runIdSchema, warehouseIdSchema } from '../ids';
import { instantSchema } from '../instant';
import { plainTextSchema } from '../plain-text';
import { deltaSchema, quantitiesSchema } from '../quantities';

/** Zoho documents that move stock, by their root key. */
export const documentTypes = ['salesorder', 'invoice', 'bill', 'inventory_adjustment'] as const;
export const documentTypeSchema = z.enum(documentTypes);
export type DocumentType = z.infer<typeof documentTypeSchema>;

export const reasons = [
  'sale',
  'sale_commitment',
  'purchase',
  'purchase_return',
  'customer_return',
  'shipment',
  'receipt',
  'adjustment',
  'transfer',
  'assembly',
  'void',
  'observation',
  'reconciliation',
  'import',
  'reservation',
  'release',
] as const;
export const reasonSchema = z.enum(reasons);
export type Reason = z.infer<typeof reasonSchema>;

export const causeKinds = ['webhook', 'sync', 'observation', 'drift', 'api', 'import', 'replay'] as const;
/** What made us write: `id` is the inbox sequence of a webhook, the run of a sweep, … */
export const causeSchema = z.object({ kind: z.enum(causeKinds), id: z.string(), actor: z.string() });
export type Cause = z.infer<typeof causeSchema>;

const documentRefSchema = z.object({
  type: documentTypeSchema,
  id: documentIdSchema,
  number: plainTextSchema.optional(),
  /** Zoho's `last_modified_time`: which version of the document. */
  version: instantSchema,
  /** Zoho's `created_time`, when it is known: no observation before it can hold anything of the document. */
  createdAt: instantSchema.optional(),
});
export type DocumentRef = z.infer<typeof documentRefSchema>;

/** A level moved: by how much, and to what. The newest event of a level is its state. */
export const stockChangedSchema = z.object({
  itemId: itemIdSchema,
  warehouseId: warehouseIdSchema,
  sku: plainTextSchema.optional(),
  /** 1, 2, 3, … per level, without gaps. */
  revision: z.int().positive(),
  delta: deltaSchema,
  after: quantitiesSchema,
  /** True until the level was first observed in Zoho: until then it must not be shown as a number. */
  provisional: z.boolean(),
  /** Zoho's time of the last observation that wrote this level. */
  baselineAsOf: instantSchema.optional(),
  reason: reasonSchema,
  document: documentRefSchema.optional(),
  cause: causeSchema,
  occurredAt: instantSchema,
});
export type StockChanged = Readonly<z.infer<typeof stockChangedSchema>>;

/**
 * How one level took a document version: `delta` moved it (perhaps by nothing), `absorbed` means the last
 * observation contained it already, the other two that only a new observation can tell.
 */
export const treatments = ['delta', 'absorbed', 'unknown-history', 'undecidable'] as const;
export const treatmentSchema = z.enum(treatments);
export type Treatment = z.infer<typeof treatmentSchema>;

const appliedLineSchema = z.object({
  itemId: itemIdSchema,
  warehouseId: warehouseIdSchema,
  sku: plainTextSchema.optional(),
  /** The whole effect of this version on the level; the next version's delta is counted from it. */
  effect: deltaSchema,
  delta: deltaSchema,
  treatment: treatmentSchema,
});
export type AppliedLine = Readonly<z.infer<typeof appliedLineSchema>>;

export const appliedOutcomes = ['applied', 'absorbed', 'unknown-history'] as const;

/** A version of a Zoho document was taken into account, in one commit with the levels it moved. */
export const documentAppliedSchema = z.object({
  document: documentRefSchema,
  status: plainTextSchema,
  /** Deleted in Zoho: no later version will be accepted. */
  deleted: z.boolean(),
  outcome: z.enum(appliedOutcomes),
  effectHash: z.string(),
  lines: z.array(appliedLineSchema),
  cause: causeSchema,
  occurredAt: instantSchema,
});
export type DocumentApplied = Readonly<z.infer<typeof documentAppliedSchema>>;
export type AppliedOutcome = DocumentApplied['outcome'];

const runSchema = z.object({
  runId: runIdSchema,
  /** `opening`: the first observation of everything, which sets all levels. */
  kind: z.enum(['opening']),
  cause: causeSchema,
  occurredAt: instantSchema,
});

/** A sweep over Zoho's stock began. */
export const syncStartedSchema = runSchema;
export type SyncStarted = Readonly<z.infer<typeof syncStartedSchema>>;

/** A sweep ended; a sweep without this event was cut off and is to be done again. */
export const syncFinishedSchema = runSchema.extend({
  items: z.int().nonnegative(),
  levels: z.int().nonnegative(),
  /** Levels that the sweep moved. */
  changed: z.int().nonnegative(),
});
export type SyncFinished = Readonly<z.infer<typeof syncFinishedSchema>>;

export type StockEvent =
  | Readonly<{ type: 'StockChanged'; data: StockChanged }>
  | Readonly<{ type: 'DocumentApplied'; data: DocumentApplied }>
  | Readonly<{ type: 'SyncStarted'; data: SyncStarted }>
  | Readonly<{ type: 'SyncFinished'; data: SyncFinished }>;
