import {
  appliedOutcomes,
  causeSchema,
  deltaSchema,
  disputedSchema,
  documentRefSchema,
  instantSchema,
  itemIdSchema,
  quantitiesSchema,
  streamSeqSchema,
  treatmentSchema,
  warehouseIdSchema,
} from '@tallystream/contracts';
import { type TrailFault, trailFaults } from '@tallystream/projection-store';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';

const nameNow = z.string().optional().meta({ description: 'The name that the catalogue has now' });
const named = {
  itemId: z.string().optional(),
  itemName: nameNow,
  warehouseId: z.string().optional(),
  warehouseName: nameNow,
};
const nextCursor = z
  .string()
  .meta({ description: 'Where the next page begins; null on the last' })
  .nullable();

const entryFields = {
  seq: streamSeqSchema,
  id: z.string(),
  type: z.string(),
  ...named,
  revision: z.int().optional(),
  delta: deltaSchema.optional(),
  before: quantitiesSchema.optional(),
  after: quantitiesSchema.optional(),
  reason: z.string().optional(),
  document: documentRefSchema.optional(),
  cause: causeSchema,
  actor: z.string(),
  occurredAt: instantSchema,
  recordedAt: instantSchema,
  hash: z.string().meta({ description: 'Link of the chain: sha256 over the previous link and this event' }),
};
const entry = z.object(entryFields);

export class AuditEventsDto extends createZodDto(
  z.object({ items: z.array(entry).readonly(), nextCursor }),
) {}

export class AuditEventDto extends createZodDto(
  z.object({
    ...entryFields,
    subject: z.string().meta({ description: 'In the stream, with the namespace' }),
    ceType: z.string().meta({ description: 'The event type with its version' }),
    data: z.unknown().meta({ description: 'The event as it lies in the stream, whole' }),
    previousHash: z.string().meta({ description: 'Of the event before, to which this one is chained' }),
    neighbours: z
      .object({ previous: entry.nullable(), next: entry.nullable() })
      .meta({
        description: 'What moved the same level before and after; null for what is not about one level',
      })
      .nullable(),
  }),
) {}

const version = z.object({
  seq: streamSeqSchema,
  document: documentRefSchema,
  status: z.string().meta({ description: "Zoho's, verbatim" }),
  deleted: z.boolean(),
  outcome: z.enum(appliedOutcomes),
  lines: z
    .array(
      z.object({
        itemId: itemIdSchema,
        itemName: nameNow,
        warehouseId: warehouseIdSchema,
        warehouseName: nameNow,
        sku: z.string().optional(),
        effect: deltaSchema.meta({ description: 'The whole effect of this version on the level' }),
        delta: deltaSchema.meta({ description: 'By how much it moved the level' }),
        treatment: treatmentSchema,
      }),
    )
    .readonly()
    .meta({ description: 'How each level took the version, also those that did not move' }),
  movements: z.array(entry).readonly().meta({ description: 'The events of the levels that moved' }),
  cause: causeSchema,
  occurredAt: instantSchema,
  recordedAt: instantSchema,
});

export class DocumentVersionsDto extends createZodDto(
  z.object({ items: z.array(version).readonly(), nextCursor }),
) {}

const position = z
  .object({ seq: streamSeqSchema, recordedAt: instantSchema })
  .meta({ description: 'The newest event at that moment; null when there was none yet' })
  .nullable();

const level = {
  stock: z
    .number()
    .meta({ description: 'What reads said could be sold; null as long as it was unknown' })
    .nullable(),
  disputed: disputedSchema.optional(),
  provisional: z.boolean().meta({ description: 'True until the level had been observed in Zoho' }),
  revision: z.int().meta({ description: '0: it had not moved yet' }),
  asOf: instantSchema.optional().meta({ description: "Zoho's time of the last observation before" }),
};

export class BalanceAtDto extends createZodDto(
  z.object({
    ...named,
    itemId: itemIdSchema,
    warehouseId: warehouseIdSchema,
    at: position,
    ...level,
    quantities: quantitiesSchema.meta({ description: 'null: unknown, which is not zero' }).nullable(),
    event: entry.meta({ description: 'What made it so' }).nullable(),
  }),
) {}

export class StockAtDto extends createZodDto(
  z.object({
    warehouseId: warehouseIdSchema,
    at: position,
    items: z
      .array(
        z.object({
          itemId: itemIdSchema,
          itemName: nameNow,
          ...level,
          quantities: quantitiesSchema,
          seq: streamSeqSchema.meta({ description: 'The event that made it so' }),
          occurredAt: instantSchema,
          recordedAt: instantSchema,
        }),
      )
      .readonly(),
    nextCursor,
  }),
) {}

const faults = Object.keys(trailFaults) as [TrailFault, ...TrailFault[]];

export class VerificationDto extends createZodDto(
  z.object({
    ok: z.boolean(),
    checked: z.int().meta({ description: 'Events found right, up to the first that was not' }),
    firstBroken: z
      .object({ seq: z.int(), fault: z.enum(faults), detail: z.string() })
      .meta({ description: faults.map((fault) => `${fault}: ${trailFaults[fault]}`).join('; ') })
      .nullable(),
    from: z.int(),
    to: z.int(),
    anchors: z.int().meta({ description: 'Anchors among the events that were found right' }),
  }),
) {}
