import {
  causeKinds,
  documentIdSchema,
  documentTypeSchema,
  documentTypes,
  instantSchema,
  itemIdSchema,
  millisOf,
  plainTextSchema,
  reasonSchema,
  streamSeq,
  waitForSeqSchema,
  warehouseIdSchema,
} from '@tallystream/contracts';
import type { Moment } from '@tallystream/projection-store';
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

const filters = {
  item: itemIdSchema.optional(),
  warehouse: warehouseIdSchema.optional(),
  document: documentFilter.optional(),
  reason: reasonSchema.optional(),
  cause: causeFilter.optional(),
  actor: plainTextSchema.optional(),
  from: instantSchema.optional().meta({ description: 'What happened then or later' }),
  to: instantSchema.optional().meta({ description: 'What happened before' }),
};

/** The newest sequence that is written in so many digits is still exact. */
const sequence = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, 'must be a stream sequence: a whole number from 1')
  .transform((digits) => streamSeq(Number(digits)));

const moment = z
  .string()
  .transform((text, context): Moment => {
    const seq = sequence.safeParse(text).data;
    const time = instantSchema.safeParse(text).data;
    if (seq !== undefined) return { seq };
    if (time !== undefined) return { time };
    context.addIssue('must be a stream sequence from 1, or a time such as 2026-01-07T10:31:02Z');
    return z.NEVER;
  })
  .meta({
    description: 'A sequence of the ledger, or a time, by when events were recorded (not when they happened)',
  });

const page = {
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(500).optional(),
  waitForSeq: waitForSeqSchema.optional(),
};

type Times = Readonly<{ from?: z.infer<typeof instantSchema>; to?: z.infer<typeof instantSchema> }>;
const isForward = ({ from, to }: Times): boolean => !from || !to || millisOf(from) <= millisOf(to);
const backward = { path: ['to'], error: 'must not be before from' };

export class AuditQuery extends createZodDto(
  z
    .strictObject({ ...filters, order: z.enum(['asc', 'desc']).default('desc'), ...page })
    .refine(isForward, backward),
) {}

export class TimelineQuery extends createZodDto(
  z
    .strictObject({
      item: itemIdSchema,
      warehouse: warehouseIdSchema,
      from: filters.from,
      to: filters.to,
      order: z.enum(['asc', 'desc']).default('desc'),
      ...page,
    })
    .refine(isForward, backward),
) {}

export class EventParams extends createZodDto(z.object({ seq: sequence })) {}

export class DocumentParams extends createZodDto(
  z.object({ type: documentTypeSchema, id: documentIdSchema }),
) {}

export class WaitQuery extends createZodDto(z.strictObject({ waitForSeq: page.waitForSeq })) {}
export class PageQuery extends createZodDto(z.strictObject(page)) {}

export class BalanceAtQuery extends createZodDto(
  z.strictObject({
    item: itemIdSchema,
    warehouse: warehouseIdSchema,
    at: moment,
    waitForSeq: page.waitForSeq,
  }),
) {}

export class StockAtQuery extends createZodDto(
  z.strictObject({ warehouse: warehouseIdSchema, at: moment, ...page }),
) {}

export const exportFormats = ['csv', 'ndjson'] as const;

export class ExportQuery extends createZodDto(
  z
    .strictObject({
      ...filters,
      format: z.enum(exportFormats),
      order: z.enum(['asc', 'desc']).default('asc'),
      cursor: z
        .string()
        .max(500)
        .optional()
        .meta({ description: 'Go on behind it: the `seq` of the last line that arrived, or a `nextCursor`' }),
      waitForSeq: page.waitForSeq,
    })
    .refine(isForward, backward),
) {}

export class VerifyQuery extends createZodDto(
  z.strictObject({ from: moment.optional(), to: moment.optional(), waitForSeq: page.waitForSeq }),
) {}
