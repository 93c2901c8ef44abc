import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { instantSchema, millisOf } from '@tallystream/contracts';
import { NeedsRole } from '@tallystream/platform';
import { createZodDto, ZodResponse } from 'nestjs-zod';
import { z } from 'zod';
import { tokenSchema } from '../subject-token';
import { Consumers, consumerSchema } from './consumers';

/** A pause that nobody remembers must end by itself. */
const LONGEST_DAYS = 7;
const DAY_MS = 24 * 3_600_000;

class ConsumerParams extends createZodDto(z.object({ name: tokenSchema })) {}

class PauseBody extends createZodDto(
  z.strictObject({
    until: instantSchema
      .refine((until) => millisOf(until) > Date.now(), 'must lie in the future')
      .refine(
        (until) => millisOf(until) <= Date.now() + LONGEST_DAYS * DAY_MS,
        `must be at most ${LONGEST_DAYS} days from now`,
      )
      .meta({ description: `At most ${LONGEST_DAYS} days from now` }),
  }),
) {}

class ConsumerDto extends createZodDto(consumerSchema) {}

class ConsumersDto extends createZodDto(
  z.object({ items: z.array(consumerSchema).readonly(), nextCursor: z.null() }),
) {}

/** Consumers of streams: who handles what, how far it is, and whether it may. */
@ApiTags('operations')
@NeedsRole('operator')
@Controller('ops/consumers')
export class ConsumersController {
  constructor(private readonly consumers: Consumers) {}

  @Get()
  @ApiOperation({ summary: 'All consumers: lag, rate, redeliveries, last error, pauses' })
  @ZodResponse({ status: 200, type: ConsumersDto })
  async list() {
    return { items: await this.consumers.all(), nextCursor: null };
  }

  @Post(':name/pause')
  @ApiOperation({ summary: 'Gives it nothing more until then, whoever runs it; what is in hand is finished' })
  @ApiNotFoundResponse({ description: 'not_found' })
  @ZodResponse({ status: 200, type: ConsumerDto })
  pause(@Param() { name }: ConsumerParams, @Body() { until }: PauseBody) {
    return this.consumers.pause(name, until);
  }

  @Post(':name/resume')
  @ApiOperation({ summary: 'Ends a pause; takes a second' })
  @ApiNotFoundResponse({ description: 'not_found' })
  @ZodResponse({ status: 200, type: ConsumerDto })
  resume(@Param() { name }: ConsumerParams) {
    return this.consumers.resume(name);
  }
}
