import {
  instantSchema,
  plainTextSchema,
  webhookOutcomeSchema,
  webhookStatusSchema,
} from '@tallystream/contracts';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';

export class AcceptedDto extends createZodDto(
  z.object({
    status: z.literal('accepted'),
    id: z.string().meta({ description: 'Sequence in the inbox', example: '4711' }),
    duplicate: z.boolean().meta({ description: 'The same webhook was stored before; `id` is its sequence' }),
  }),
) {}

export class WebhookLogQuery extends createZodDto(
  z.strictObject({
    status: webhookStatusSchema.optional(),
    entity: plainTextSchema.optional(),
    from: instantSchema.optional(),
    to: instantSchema.optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
    cursor: z.string().max(500).optional(),
  }),
) {}

const entry = webhookOutcomeSchema;

export class WebhookLogDto extends createZodDto(
  z.object({
    items: z.array(entry).readonly(),
    nextCursor: z.string().meta({ description: 'Where the next page begins; null on the last' }).nullable(),
  }),
) {}

export class WebhookDto extends createZodDto(
  entry.extend({
    url: z.string(),
    headers: z.record(z.string(), z.string()),
    body: z.string().meta({ description: 'The raw body: as text, or base64 when it is not UTF-8' }),
    bodyEncoding: z.enum(['utf8', 'base64']),
  }),
) {}
