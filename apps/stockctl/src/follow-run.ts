import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { type Answer, Refusal, Unreachable } from './api';
import { isFinished, progressLine, type Run, runSchema } from './run-progress';
import type { Stockctl } from './stockctl';

/** Short runs are over soon, and long ones need not be asked often. */
const PAUSE_MS = { first: 100, longest: 1_000 };
/** A server that starts again is back by then; a run that was just written down has been seen by all. */
const PATIENCE_MS = 30_000;

/** Whoever answers with a run: as it is, or beside what else there is to say. */
const begunSchema = z.union([runSchema, z.object({ run: runSchema }).transform(({ run }) => run)]);

export type Wishes = Readonly<{
  /** Join a run of the same kind that is on, instead of being refused. */
  join?: boolean | undefined;
  /** Do not wait for its end. */
  detach?: boolean | undefined;
}>;

/** Asks for a run, and shows how far it is until it has ended. @throws Refusal, also when one of its kind is on */
export const runOf = async (
  { api, out }: Stockctl,
  path: string,
  body: object,
  { join, detach }: Wishes = {},
): Promise<Answer<Run>> => {
  const asked = await api.post(`${path}${join ? '?join=true' : ''}`, body, begunSchema, {
    prefer: 'respond-async',
  });
  if (isFinished(asked.value)) return asked;
  if (!out.isJson) out.say(`${asked.value.id} (it goes on by itself: stockctl runs ${asked.value.id})`);
  return detach ? asked : follow({ api, out }, asked.value.id, Date.now());
};

/**
 * The run when it has ended. A server that is gone for a moment is waited for.
 * @param lastHeard when it was heard of; 0: never, so it may not exist
 */
export const follow = async ({ api, out }: Stockctl, id: string, lastHeard = 0): Promise<Answer<Run>> => {
  let heardAt = lastHeard;
  try {
    for (let wait = PAUSE_MS.first; ; wait = Math.min(wait * 2, PAUSE_MS.longest)) {
      try {
        const answer = await api.get(`/api/sync/runs/${encodeURIComponent(id)}`, runSchema);
        if (isFinished(answer.value)) return answer;
        heardAt = Date.now();
        out.progress((columns) => progressLine(answer.value, Date.now(), columns));
      } catch (error) {
        if (!isPassing(error) || Date.now() - heardAt > PATIENCE_MS) throw error;
      }
      await pause(wait);
    }
  } finally {
    out.progress(undefined);
  }
};

const isPassing = (error: unknown): boolean =>
  error instanceof Unreachable ||
  (error instanceof Refusal && [404, 429, 502, 503, 504].includes(error.status));
