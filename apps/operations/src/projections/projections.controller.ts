import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { NeedsRole } from '@tallystream/platform';
import { createZodDto, ZodResponse } from 'nestjs-zod';
import { z } from 'zod';
import { Projections, projectionSchema } from './projections';

class ProjectionsDto extends createZodDto(
  z.object({ items: z.array(projectionSchema).readonly(), nextCursor: z.null() }),
) {}

@ApiTags('operations')
@NeedsRole('operator')
@Controller('ops/projections')
export class ProjectionsController {
  constructor(private readonly projections: Projections) {}

  @Get()
  @ApiOperation({ summary: 'All projections: checkpoint, lag, rate, and who fills them' })
  @ZodResponse({ status: 200, type: ProjectionsDto })
  async list() {
    return { items: await this.projections.all(), nextCursor: null };
  }
}
