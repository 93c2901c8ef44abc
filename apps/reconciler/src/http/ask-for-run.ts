import { Inject, Injectable } from '@nestjs/common';
import { millisOf, Problem } from '@tallystream/contracts';
import { callerOf } from '@tallystream/platform';
import type { ZohoClient } from '@tallystream/zoho';
import type { Request, Response } from 'express';
import { claimOf, type Run } from '../runs/run';
import { RunBook, type RunRequest } from '../runs/run-book';
import { ZOHO } from '../tokens';
import { runView } from './run-view';

const FRESH_MS = 60_000;

/** Asks for a run the way HTTP callers want it: awaited, in the background, or by joining one that is on. */
@Injectable()
export class AskForRun {
  constructor(
    private readonly book: RunBook,
    @Inject(ZOHO) private readonly zoho: ZohoClient | undefined,
  ) {}

  /**
   * The run when it has ended; nothing when the caller prefers not to wait: then it is answered already, 202.
   * A caller that hangs up does not end the run.
   */
  async run(
    http: Readonly<{ request: Request; response: Response; join: boolean }>,
    wanted: Omit<RunRequest, 'requestedBy'>,
  ): Promise<Run | undefined> {
    if (!this.zoho) throw new Problem('zoho_unavailable', 'No Zoho credentials are set (ZOHO_CLIENT_ID, …).');
    await this.book.ready();
    const run = await this.askOrJoin({ ...wanted, requestedBy: callerOf(http.request) }, http.join);
    if (!prefersAsync(http.request)) return this.book.finished(run, hungUp(http.response));
    http.response
      .status(202)
      .set({ Location: `/api/sync/runs/${run.runId}`, 'Preference-Applied': 'respond-async' })
      .json(runView(run));
    return undefined;
  }

  /** The last such run, if it ended well less than a minute ago: to ask again would be to ask for the same. */
  justDone(wanted: Pick<RunRequest, 'kind' | 'parameters'>): Run | undefined {
    const claim = claimOf(wanted);
    const last = this.book.all().find((run) => run.status === 'completed' && claimOf(run) === claim);
    return last?.finishedAt && Date.now() - millisOf(last.finishedAt) < FRESH_MS ? last : undefined;
  }

  private async askOrJoin(request: RunRequest, join: boolean): Promise<Run> {
    try {
      return await this.book.ask(request);
    } catch (error) {
      const runId = error instanceof Problem && error.code === 'run_in_progress' && error.extensions.runId;
      const other = join && typeof runId === 'string' ? this.book.find(runId) : undefined;
      if (!other) throw error;
      return other;
    }
  }
}

/** RFC 7240. */
const prefersAsync = (request: Request): boolean =>
  (request.get('prefer') ?? '').split(',').some((one) => one.trim().toLowerCase() === 'respond-async');

const hungUp = (response: Response): AbortSignal => {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return gone.signal;
};
