import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { streamSeq } from '@tallystream/contracts';
import { DeadLetterDecisions, DeadLetters } from '@tallystream/dead-letters';
import { callerOf, NeedsRole } from '@tallystream/platform';
import { answerRun, runView } from '@tallystream/runs';
import type { Request, Response } from 'express';
import { ZodResponse } from 'nestjs-zod';
import { OperationRuns } from '../runs/operation-runs';
import { RunQuery } from '../runs/run-query';
import {
  DeadLetterDto,
  DeadLetterHeadDto,
  DeadLetterParams,
  DeadLettersDto,
  DeadLettersQuery,
  DiscardBody,
  RetriedDto,
  RetryBody,
} from './dead-letters.dto';

/** What could not be handled. Bodies can hold personal data: operators only. */
@ApiTags('operations')
@NeedsRole('operator')
@Controller('ops/dead-letters')
export class DeadLettersController {
  constructor(
    private readonly letters: DeadLetters,
    private readonly decisions: DeadLetterDecisions,
    private readonly runs: OperationRuns,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Messages that could not be handled, the last one that died first' })
  @ZodResponse({ status: 200, type: DeadLettersDto })
  list(@Query() query: DeadLettersQuery) {
    return this.letters.list(query);
  }

  @Post('retry')
  @HttpCode(200)
  @ApiOperation({ summary: 'Puts back all that are open and fit a filter; as a dry run, counts them' })
  @ApiOkResponse({ type: RetriedDto })
  @ApiAcceptedResponse({
    type: RetriedDto,
    description: 'with Prefer: respond-async; Location says where to look',
  })
  async retryAll(
    @Body() { filter, dryRun }: RetryBody,
    @Query() { join }: RunQuery,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const stretch = await this.letters.stretchOf(filter);
    const count = await this.letters.countOpen(filter, stretch);
    if (dryRun) {
      response.json({ dryRun, count });
      return;
    }
    const wanted = {
      kind: 'dead-letter-retry',
      parameters: { filter, ...stretch },
      position: streamSeq(stretch.first - 1),
      expected: count,
      requestedBy: callerOf(request),
    } as const;
    const caller = { request, response, join };
    const run = await answerRun(
      this.runs,
      caller,
      () => this.runs.ask(wanted),
      (begun) => ({
        dryRun,
        count,
        run: runView(begun),
      }),
    );
    if (run) response.json({ dryRun, count, run: runView(run) });
  }

  @Get(':id')
  @ApiOperation({ summary: 'One dead letter whole: headers and body' })
  @ApiNotFoundResponse({ description: 'not_found' })
  @ZodResponse({ status: 200, type: DeadLetterDto })
  async one(@Param() { id }: DeadLetterParams) {
    const { letter, message } = await this.letters.find(id);
    const original = await this.letters.original(message);
    const body = Buffer.from(original?.data ?? []);
    const isText = Buffer.from(body.toString('utf8'), 'utf8').equals(body);
    return {
      ...letter,
      headers: { ...original?.headers(), ...message.headers() },
      body: original ? body.toString(isText ? 'utf8' : 'base64') : null,
      bodyEncoding: isText ? ('utf8' as const) : ('base64' as const),
    };
  }

  @Post(':id/retry')
  @ApiOperation({ summary: 'Puts one back, to be handled again' })
  @ApiNotFoundResponse({ description: 'not_found' })
  @ApiConflictResponse({ description: 'conflict: it is not open any more' })
  @ZodResponse({ status: 200, type: DeadLetterHeadDto })
  async retry(@Param() { id }: DeadLetterParams, @Req() request: Request) {
    const { letter } = await this.letters.find(id);
    await this.decisions.retry(letter, callerOf(request));
    return (await this.letters.find(id)).letter;
  }

  @Post(':id/discard')
  @ApiOperation({ summary: 'Nothing is to be done about it: a note says why' })
  @ApiNotFoundResponse({ description: 'not_found' })
  @ApiConflictResponse({ description: 'conflict: it is not open any more' })
  @ZodResponse({ status: 200, type: DeadLetterHeadDto })
  async discard(@Param() { id }: DeadLetterParams, @Body() { note }: DiscardBody, @Req() request: Request) {
    const { letter } = await this.letters.find(id);
    await this.decisions.discard(letter, callerOf(request), note);
    return (await this.letters.find(id)).letter;
  }
}
