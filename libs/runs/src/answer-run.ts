import { Problem, type RunId, runIdSchema } from '@tallystream/contracts';
import type { Request, Response } from 'express';
import type { RunLike } from './run';
import type { Runs } from './runs';

/** How an HTTP caller wants to be answered. */
export type RunCaller = Readonly<{
  request: Request;
  response: Response;
  /** Wait for a run of the same kind that is on, instead of 409. */
  join: boolean;
}>;

/**
 * The run that was asked for, or joined, when it has ended; nothing when the caller prefers not to wait: then it
 * is answered already, 202 with what `view` makes of the run. A caller that hangs up does not end the run.
 * @throws Problem `run_in_progress`
 */
export const answerRun = async <R extends RunLike>(
  runs: Runs<R>,
  { request, response, join }: RunCaller,
  ask: () => Promise<R>,
  view: (run: R) => object,
): Promise<R | undefined> => {
  await runs.ready();
  const run = await askOrJoin(runs, ask, join);
  if (!prefersAsync(request)) return runs.finished(run, hungUp(response));
  response
    .status(202)
    .set({ Location: `/api/sync/runs/${run.runId}`, 'Preference-Applied': 'respond-async' })
    .json(view(run));
  return undefined;
};

const askOrJoin = async <R extends RunLike>(
  runs: Runs<R>,
  ask: () => Promise<R>,
  join: boolean,
): Promise<R> => {
  try {
    return await ask();
  } catch (error) {
    const runId = join ? runInTheWay(error) : undefined;
    const other = runId === undefined ? undefined : runs.find(runId);
    if (!other) throw error;
    return other;
  }
};

/** The run that is on already, when a run was refused because of it. */
export const runInTheWay = (error: unknown): RunId | undefined =>
  error instanceof Problem && error.code === 'run_in_progress'
    ? runIdSchema.safeParse(error.extensions.runId).data
    : undefined;

/** RFC 7240. */
const prefersAsync = (request: Request): boolean =>
  (request.get('prefer') ?? '').split(',').some((one) => one.trim().toLowerCase() === 'respond-async');

const hungUp = (response: Response): AbortSignal => {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return gone.signal;
};
