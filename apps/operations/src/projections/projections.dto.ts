import { runViewSchema } from '@tallystream/runs';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { projectionSchema } from './projections';

export class ProjectionsDto extends createZodDto(
  z.object({ items: z.array(projectionSchema).readonly(), nextCursor: z.null() }),
) {}

export class ProjectionParams extends createZodDto(z.object({ name: z.string() })) {}

export class RebuildBody extends createZodDto(
  z
    .strictObject({
      dryRun: z.boolean().default(false).meta({ description: 'only tell what differs' }),
    })
    .prefault({}),
) {}

export class RebuildDto extends createZodDto(runViewSchema) {}
