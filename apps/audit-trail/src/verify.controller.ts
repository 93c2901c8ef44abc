import { Controller, Get, Inject, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Problem } from '@tallystream/contracts';
import type { ProjectionProgress } from '@tallystream/jetstream';
import { NeedsRole } from '@tallystream/platform';
import type { Response } from 'express';
import { ZodResponse } from 'nestjs-zod';
import { VerificationDto } from './audit-answer.dto';
import { VerifyQuery } from './audit-query.dto';
import { AUDIT_PROGRESS } from './tokens';
import { Verifier } from './verifier';

@ApiTags('audit')
@NeedsRole('auditor')
@Controller('audit/verify')
export class VerifyController {
  constructor(
    private readonly verifier: Verifier,
    @Inject(AUDIT_PROGRESS) private readonly progress: ProjectionProgress,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Holds the trail against the ledger and the anchors, and recomputes the chain',
    description: 'From one sequence or time of recording to another, both included; absent: all of it.',
  })
  @ZodResponse({ status: 200, type: VerificationDto })
  async verify(
    @Query() { waitForSeq, ...range }: VerifyQuery,
    @Res({ passthrough: true }) response: Response,
  ) {
    if (waitForSeq !== undefined) await this.progress.passed(waitForSeq);
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      return await this.verifier.verify(range, gone.signal);
    } catch (error) {
      // Nobody reads it, and it is nobody's fault.
      if (gone.signal.aborted) throw new Problem('conflict', 'the client did not wait for the answer');
      throw error;
    }
  }
}
