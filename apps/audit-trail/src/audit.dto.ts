import {
  causeKinds,
  causeSchema,
  deltaSchema,
  documentTypes,
  instantSchema,
  itemIdSchema,
  plainTextSchema,
  quantitiesSchema,
  reasonSchema,
  streamSeqSchema,
  warehouseIdSchema,
} from '@tallystream/contracts';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';

const documentFilter = z
  .string()
  .regex(
    new RegExp(`^(${documentTypes.join('|')}):[A-Za-z0-9_-]{1,64}$`),
    'must be <type>:<id>, e.g. invoice:123',
  )
  .transform((text) => {
    const [type = '', id = ''] = text.split(':');
    return { type, id };
  });

const causeFilter = z
  .string()
  .regex(
    new RegExp(`^(${causeKinds.join('|')})(:[A-Za-z0-9_.:-]{1,100})?$`),
    'must be <kind> or <kind>:<id>, e.g. webhook:4711',
  )
  .transform((text) => {
    const [kind = '', ...id] = text.split(':');
    return { kind, ...(id.length > 0 ? { id: id.join(':') } : {}) };
  });

export class AuditQuery extends createZodDto(
  z.strictObject({
    item: itemIdSchema.optional(),
    warehouse: warehouseIdSchema.optional(),
    document: documentFilter.optional(),
    reason: reasonSchema.optional(),
    cause: causeFilter.optional(),
    actor: plainTextSchema.optional(),
    from: instantSchema.optional(),
    to: instantSchema.optional(),
    order: z.enum(['asc', 'desc']).default('desc'),
    limit: z.coerce.number().int().min(1).max(500).default(50),
    cursor: z.string().max(500).optional(),
  }),
) {}

const entry = z.object({
  seq: streamSeqSchema,
  id: z.string(),
  type: z.string(),
  itemId: z.string().optional(),
  itemName: z.string().meta({ description: 'The name that the catalogue has now' }).optional(),
  warehouseId: z.string().optional(),
  warehouseName: z.string().meta({ description: 'The name that the catalogue has now' }).optional(),
  revision: z.int().optional(),
  delta: deltaSchema.optional(),
  before: quantitiesSchema.optional(),
  after: quantitiesSchema.optional(),
  reason: z.string().optional(),
  document: z.unknown().optional(),
  cause: causeSchema,
  actor: z.string(),
  occurredAt: instantSchema,
  recordedAt: instantSchema,
  hash: z.string().meta({ description: 'Link of the chain: sha256 over the previous link and this event' }),
});

export class AuditEventsDto extends createZodDto(
  z.object({
    items: z.array(entry).readonly(),
    nextCursor: z.string().meta({ description: 'Where the next page begins; null on the last' }).nullable(),
  }),
) {}
