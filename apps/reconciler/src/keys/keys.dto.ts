import { keyIdSchema } from '@tallystream/access';
import { instantSchema } from '@tallystream/contracts';
import { roles } from '@tallystream/platform';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';

const DAY_SECONDS = 86_400;

export class KeyParams extends createZodDto(z.object({ id: keyIdSchema })) {}

export class KeysQuery extends createZodDto(
  z.strictObject({
    limit: z.coerce.number().int().min(1).max(500).default(50),
    cursor: keyIdSchema.optional().meta({ description: 'nextCursor of the page before' }),
  }),
) {}

const nameSchema = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(100)
  .refine(
    (name) => !/[:,\p{Cc}\p{Surrogate}]/u.test(name),
    'must not hold colons, commas or control characters',
  )
  .meta({ description: 'Whose it is. Noted as the actor of what is done with it', example: 'web shop' });

export class NewKeyBody extends createZodDto(
  z.strictObject({
    name: nameSchema,
    role: z.enum(roles),
    expiresAt: instantSchema.optional().meta({ description: 'When it ends by itself' }),
    readsPerMinute: z
      .int()
      .min(1)
      .max(100_000_000)
      .optional()
      .meta({ description: 'absent: READS_PER_MINUTE, as for all' }),
  }),
) {}

export class RotateBody extends createZodDto(
  z.preprocess(
    (body) => body ?? {},
    z.strictObject({
      graceSeconds: z
        .int()
        .min(0)
        .max(30 * DAY_SECONDS)
        .default(DAY_SECONDS)
        .meta({ description: 'How long the old key goes on to open; 0: not at all' }),
    }),
  ),
) {}

const keySchema = z.object({
  id: keyIdSchema,
  name: z.string(),
  role: z.enum(roles),
  status: z.enum(['active', 'expired', 'revoked']),
  source: z.enum(['created', 'environment']).meta({ description: 'environment: it is in API_KEYS' }),
  readsPerMinute: z.int().optional().meta({ description: 'absent: READS_PER_MINUTE, as for all' }),
  createdAt: instantSchema.optional(),
  createdBy: z.string().optional(),
  lastUsedAt: instantSchema.optional().meta({ description: 'To the minute; absent: never' }),
  expiresAt: instantSchema.optional(),
  rotatedAt: instantSchema.optional(),
  rotatedBy: z.string().optional(),
  graceUntil: instantSchema
    .optional()
    .meta({ description: 'Until when a key from before a rotation goes on to open' }),
  revokedAt: instantSchema.optional(),
  revokedBy: z.string().optional(),
});

export class KeyDto extends createZodDto(keySchema) {}

export class KeyWithSecretDto extends createZodDto(
  keySchema.extend({
    key: z
      .string()
      .meta({ description: 'Shown this once; only its hash is kept', example: 'tally_0f1e2d3c4b5a_…' }),
  }),
) {}

export class KeysDto extends createZodDto(
  z.object({
    items: z.array(keySchema).readonly(),
    nextCursor: z.string().meta({ description: 'Where the next page begins; null on the last' }).nullable(),
  }),
) {}
