import {
  deltaSchema,
  driftDetectedSchema,
  driftIdSchema,
  driftResolvedSchema,
  instantSchema,
  itemIdSchema,
  sideSchema,
  streamSeqSchema,
  warehouseIdSchema,
} from '@tallystream/contracts';
import { driftStatuses } from '@tallystream/projection-store';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';

export class DriftQuery extends createZodDto(
  z.strictObject({
    status: z.enum(driftStatuses).optional(),
    item: itemIdSchema.optional(),
    warehouse: warehouseIdSchema.optional(),
    from: instantSchema.optional().meta({ description: 'Found by an observation of then or later' }),
    to: instantSchema.optional().meta({ description: 'Found by an observation from before' }),
    limit: z.coerce.number().int().min(1).max(500).default(50),
    cursor: z.string().max(500).optional().meta({ description: 'nextCursor of the page before' }),
  }),
) {}

export class DriftParams extends createZodDto(z.object({ id: driftIdSchema })) {}

/** Lines and tabs are a writer's own; other control characters and halves of pairs no store takes. */
const UNFIT = /(?![\t\n\r])\p{Cc}|\p{Surrogate}/u;
const noteSchema = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(1_000)
  .refine((text) => !UNFIT.test(text), 'must not hold control characters')
  .meta({ description: 'What whoever decides has to say' });

/** An empty body means no note. */
const bodyOf = <S extends z.ZodType>(schema: S) => z.preprocess((body) => body ?? {}, schema);

export class ApproveBody extends createZodDto(bodyOf(z.strictObject({ note: noteSchema.optional() }))) {}
export class RejectBody extends createZodDto(bodyOf(z.strictObject({ note: noteSchema }))) {}

const driftSchema = z.object({
  driftId: driftIdSchema,
  itemId: itemIdSchema,
  itemName: z.string().optional().meta({ description: 'Absent until the catalogue has the item' }),
  arabicName: z.string().optional(),
  sku: z.string().optional(),
  warehouseId: warehouseIdSchema,
  warehouseName: z.string().optional().meta({ description: 'Absent until the catalogue has the warehouse' }),
  side: sideSchema,
  verdict: driftDetectedSchema.shape.verdict,
  status: z.enum(driftStatuses).meta({ description: 'open: it waits for a decision. Else how it ended' }),
  difference: deltaSchema.meta({
    description: "Zoho's number less ours, and less what was rejected before, when it was found",
  }),
  detectedAt: instantSchema.meta({ description: "Zoho's time of the observation that found it" }),
  seq: streamSeqSchema.meta({ description: 'Of the event that found it' }),
  resolved: z
    .object({
      at: instantSchema,
      actor: z.string().meta({ description: 'Who decided' }),
      note: z.string().optional(),
      asOf: instantSchema.optional().meta({
        description: "Zoho's time of the observation that the level was set to; absent when it was not",
      }),
      seq: streamSeqSchema,
    })
    .optional()
    .meta({ description: 'Absent while it is open' }),
});

export class DriftsDto extends createZodDto(
  z.object({
    items: z.array(driftSchema).readonly(),
    nextCursor: z.string().meta({ description: 'Where the next page begins; null on the last' }).nullable(),
  }),
) {}

export class DriftDto extends createZodDto(driftSchema.extend({ evidence: driftDetectedSchema })) {}

export class DriftResolvedDto extends createZodDto(driftResolvedSchema) {}
