import { Body, Controller, Get, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiConflictResponse, ApiNotFoundResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Problem } from '@tallystream/contracts';
import { callerOf, NeedsRole } from '@tallystream/platform';
import { type Database, findDrift, listDrifts } from '@tallystream/projection-store';
import type { Request } from 'express';
import { ZodResponse } from 'nestjs-zod';
import { DRIFT_DECISIONS, DRIFTS } from '../tokens';
import {
  ApproveBody,
  DriftDto,
  DriftParams,
  DriftQuery,
  DriftResolvedDto,
  DriftsDto,
  RejectBody,
} from './drift.dto';
import type { DriftDecisions } from './drift-decisions';

const notOpen = { description: 'conflict: it is not open any more' };
const unknown = { description: 'not_found' };

/** Drifts, and the queue of those that wait for a decision. */
@ApiTags('drift')
@NeedsRole('operator')
@Controller('reconciliation/drift')
export class DriftController {
  constructor(
    @Inject(DRIFTS) private readonly drifts: Database,
    @Inject(DRIFT_DECISIONS) private readonly decisions: DriftDecisions,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Where Zoho and the ledger disagreed, the last one found first' })
  @ZodResponse({ status: 200, type: DriftsDto })
  list(@Query() query: DriftQuery) {
    return listDrifts(this.drifts, query);
  }

  @Get(':id')
  @ApiOperation({ summary: 'A drift with its evidence' })
  @ApiNotFoundResponse(unknown)
  @ZodResponse({ status: 200, type: DriftDto })
  async one(@Param() { id }: DriftParams) {
    const drift = await findDrift(this.drifts, id);
    if (!drift) throw new Problem('not_found', `There is no drift ${id}.`);
    return drift;
  }

  @Post(':id/approve')
  @ApiOperation({ summary: 'Zoho is right: take its number over, as documents have moved it since' })
  @ApiNotFoundResponse(unknown)
  @ApiConflictResponse(notOpen)
  @ZodResponse({ status: 200, type: DriftResolvedDto })
  approve(@Param() { id }: DriftParams, @Body() { note }: ApproveBody, @Req() request: Request) {
    return this.decisions.approve(id, { actor: callerOf(request), ...(note ? { note } : {}) });
  }

  @Post(':id/reject')
  @ApiOperation({ summary: 'We are right: keep our number, and do not ask about this difference again' })
  @ApiNotFoundResponse(unknown)
  @ApiConflictResponse(notOpen)
  @ZodResponse({ status: 200, type: DriftResolvedDto })
  reject(@Param() { id }: DriftParams, @Body() { note }: RejectBody, @Req() request: Request) {
    return this.decisions.reject(id, { actor: callerOf(request), note });
  }
}
