import { Inject, Injectable } from '@nestjs/common';
import { millisOf, Problem } from '@tallystream/contracts';
import { callerOf } from '@tallystream/platform';
import { answerRun, type RunCaller } from '@tallystream/runs';
import type { ZohoClient } from '@tallystream/zoho';
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

  /** The run when it has ended; nothing when the caller prefers not to wait, and is answered already. */
  async run(caller: RunCaller, wanted: Omit<RunRequest, 'requestedBy'>): Promise<Run | undefined> {
    if (!this.zoho) throw new Problem('zoho_unavailable', 'No Zoho credentials are set (ZOHO_CLIENT_ID, …).');
    const request = { ...wanted, requestedBy: callerOf(caller.request) };
    return answerRun(this.book, caller, () => this.book.ask(request), runView);
  }

  /** The last such run, if it ended well less than a minute ago: to ask again would be to ask for the same. */
  justDone(wanted: Pick<RunRequest, 'kind' | 'parameters'>): Run | undefined {
    const claim = claimOf(wanted);
    const last = this.book.all().find((run) => run.status === 'completed' && claimOf(run) === claim);
    return last?.finishedAt && Date.now() - millisOf(last.finishedAt) < FRESH_MS ? last : undefined;
  }
}
