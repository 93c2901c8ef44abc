import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { Problem } from '@tallystream/contracts';
import { callerOf, NeedsRole } from '@tallystream/platform';
import { RebuildRuns, rebuiltBy } from '@tallystream/rebuild';
import { answerRun, runView } from '@tallystream/runs';
import type { Request, Response } from 'express';
import { ZodResponse } from 'nestjs-zod';
import { RunQuery } from '../runs/run-query';
import { Projections } from './projections';
import { ProjectionParams, ProjectionsDto, RebuildBody, RebuildDto } from './projections.dto';

@ApiTags('operations')
@NeedsRole('operator')
@Controller('ops/projections')
export class ProjectionsController {
  constructor(
    private readonly projections: Projections,
    private readonly rebuilds: RebuildRuns,
  ) {}

  @Get()
  @ApiOperation({ summary: 'All projections: checkpoint, lag, rate, and who fills them' })
  @ZodResponse({ status: 200, type: ProjectionsDto })
  async list() {
    return { items: await this.projections.all(), nextCursor: null };
  }

  @Post(':name/rebuild')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Makes it again beside the live one, compares, and swaps; as a dry run, only compares',
    description: 'Reads and live updates go on. One that is cut off is taken up again.',
  })
  @ApiOkResponse({ type: RebuildDto })
  @ApiAcceptedResponse({
    type: RebuildDto,
    description: 'with Prefer: respond-async; Location says where to look',
  })
  @ApiNotFoundResponse({ description: 'not_found' })
  @ApiConflictResponse({ description: 'run_in_progress, with the id of the run; conflict: it keeps nothing' })
  async rebuild(
    @Param() { name }: ProjectionParams,
    @Body() { dryRun }: RebuildBody,
    @Query() { join }: RunQuery,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const store = rebuiltBy(name) ?? (await this.nothingToRebuild(name));
    const wanted = { parameters: { store, dryRun }, requestedBy: callerOf(request) };
    const caller = { request, response, join };
    const run = await answerRun(this.rebuilds, caller, () => this.rebuilds.ask(wanted), runView);
    if (run) response.json(runView(run));
  }

  private async nothingToRebuild(name: string): Promise<never> {
    const known = await this.projections.all();
    throw known.some((projection) => projection.name === name)
      ? new Problem('conflict', `${name} keeps nothing that could be made again.`)
      : new Problem('not_found', `There is no projection ${name}.`);
  }
}
