import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Controller, Get, Inject, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { ProjectionProgress } from '@tallystream/jetstream';
import { NeedsRole } from '@tallystream/platform';
import {
  AUDIT_PROJECTION,
  type AuditEntry,
  auditPages,
  Database,
  readCheckpoint,
} from '@tallystream/projection-store';
import type { Response } from 'express';
import { ExportQuery } from './audit-query.dto';
import { csvHeader, csvLines } from './csv';
import { AUDIT_PROGRESS } from './tokens';

const text = { schema: { type: 'string' } };

@ApiTags('audit')
@NeedsRole('auditor')
@Controller('audit/export')
export class ExportController {
  constructor(
    private readonly database: Database,
    @Inject(AUDIT_PROGRESS) private readonly progress: ProjectionProgress,
  ) {}

  @Get()
  @ApiOperation({
    summary:
      'Everything that fits a filter, up to where the trail ends now, as CSV or as one JSON object a line',
    description:
      'Cut off, it is taken up with `cursor`, the `seq` of the last whole line; what then comes has no header, ' +
      'and goes behind what is there.',
  })
  @ApiOkResponse({ description: 'Streamed', content: { 'text/csv': text, 'application/x-ndjson': text } })
  async export(
    @Query() { format, cursor, waitForSeq, ...filter }: ExportQuery,
    @Res() response: Response,
  ): Promise<void> {
    if (waitForSeq !== undefined) await this.progress.passed(waitForSeq);
    const upTo = await readCheckpoint(this.database, AUDIT_PROJECTION);
    const pages = auditPages(this.database, { ...filter, upTo }, cursor);
    // What fails before the first byte is answered as a problem; later, the connection is cut.
    const first = await pages.next();
    const header = format === 'csv' && cursor === undefined ? csvHeader : '';
    const isWhole = header === '' ? 'absent' : 'present';
    response
      .status(200)
      .set(
        'Content-Type',
        format === 'csv'
          ? `text/csv; charset=utf-8; header=${isWhole}`
          : 'application/x-ndjson; charset=utf-8',
      )
      .set('Content-Disposition', `attachment; filename="audit-trail.${format}"`);
    const lines = format === 'csv' ? csvLines : ndjsonLines;
    await pipeline(Readable.from(chunks(header, lines, first.value ?? [], pages)), response).catch(
      unlessGone,
    );
  }
}

const ndjsonLines = (entries: readonly AuditEntry[]): string =>
  entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');

async function* chunks(
  header: string,
  lines: (entries: readonly AuditEntry[]) => string,
  first: readonly AuditEntry[],
  rest: AsyncIterable<readonly AuditEntry[]>,
): AsyncGenerator<string> {
  yield header + lines(first);
  for await (const page of rest) yield lines(page);
}

/** A client that goes away has what it wanted. */
const unlessGone = (error: unknown): void => {
  const isGone = error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
  if (!isGone) throw error;
};
