import { Body, Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
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
import { answerRun, runView, runViewSchema, type VerifyScope, verifyScopes } from '@tallystream/runs';
import type { Request, Response } from 'express';
import { createZodDto, ZodResponse } from 'nestjs-zod';
import { z } from 'zod';
import type { OperationRun } from '../runs/operation-run';
import { OperationRuns } from '../runs/operation-runs';
import { RunQuery } from '../runs/run-query';
import { verificationSchema } from './verification-result';
import { Verifier } from './verifier';

const scopeSchema = z.enum(verifyScopes).meta({ description: 'absent: all' });

class ScopeQuery extends createZodDto(z.strictObject({ scope: scopeSchema.optional() })) {}

class VerifyBody extends createZodDto(
  z.strictObject({
    scope: scopeSchema.optional(),
    fix: z.boolean().default(false).meta({ description: 'rebuild the projections that differ' }),
  }),
) {}

class VerifiedDto extends createZodDto(
  z.object({ ...verificationSchema.partial().shape, run: runViewSchema.omit({ result: true }) }),
) {}

/** The invariants of the ledger, and of the stores beside it. */
@ApiTags('operations')
@NeedsRole('operator')
@Controller('ops/verify')
export class VerifyController {
  constructor(
    private readonly runs: OperationRuns,
    private readonly verifier: Verifier,
  ) {}

  @Get()
  @ApiOperation({ summary: 'What the newest verification found, of all or of one scope' })
  @ApiNotFoundResponse({ description: 'not_found: nothing was verified yet' })
  @ZodResponse({ status: 200, type: VerifiedDto })
  async newest(@Query() { scope }: ScopeQuery) {
    await this.runs.ready();
    const run = this.runs.all().find((one) => isOf(one, scope));
    if (!run)
      throw new Problem('not_found', `No verification of ${scope ?? 'all'} has ended yet: POST begins one.`);
    return view(run, scope);
  }

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Folds the whole ledger, checks its invariants, and compares every store with it',
  })
  @ApiOkResponse({ type: VerifiedDto })
  @ApiAcceptedResponse({
    type: VerifiedDto,
    description: 'with Prefer: respond-async; Location says where to look',
  })
  @ApiConflictResponse({
    description: 'run_in_progress: a verification is on; conflict: nothing can be fixed',
  })
  async verify(
    @Body() { scope, fix }: VerifyBody,
    @Query() { join }: RunQuery,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    if (fix && !this.verifier.canFix)
      throw new Problem('conflict', 'Nothing can be rebuilt from here: ask without fix.');
    const scopes = scope === undefined ? verifyScopes : [scope];
    const parameters = { scopes, fix };
    const ask = () => this.runs.ask({ kind: 'verify', parameters, requestedBy: callerOf(request) });
    const run = await answerRun(this.runs, { request, response, join }, ask, (begun) => view(begun));
    if (run) response.json(view(run));
  }
}

const isOf = (run: OperationRun, scope: VerifyScope | undefined): boolean =>
  run.kind === 'verify' &&
  run.status === 'completed' &&
  (scope === undefined ? verifyScopes : [scope]).every((one) => run.parameters.scopes.includes(one));

const view = (run: OperationRun, scope?: VerifyScope) => {
  const { result: _result, ...shown } = runView(run);
  const found = run.kind === 'verify' ? run.result : undefined;
  if (!found) return { run: shown };
  const checks = found.checks.filter((check) => scope === undefined || check.scope === scope);
  const ok = checks.every(({ broken, trouble }) => broken === 0 && trouble === undefined);
  return { ...found, ok, checks, run: shown };
};
