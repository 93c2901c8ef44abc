import { eventually } from '@tallystream/testing';
import type { Api } from './api';

/** A run, as far as tests look at it. */
export type Run = Readonly<{
  id: string;
  kind: string;
  status: 'queued' | 'running' | 'completed' | 'failed';
  phase: string;
  done: number;
  total: number | null;
  apiCalls: number;
  resumed: number;
  stats: Readonly<Record<string, number>>;
  skippedFeatures: readonly string[];
  error?: Readonly<{ code: string; detail: string; until?: string }>;
  startedAt?: string;
  finishedAt?: string;
}>;

export const runOf = (api: Api, id: string): Promise<Run> => api.get<Run>(`/api/sync/runs/${id}`);

/** Asks for a run without waiting for its end. @returns its id */
export const askForRun = async (api: Api, path: string, body?: object): Promise<string> => {
  const answer = await api.ask<Run>(path, {
    method: 'POST',
    headers: { prefer: 'respond-async' },
    ...(body ? { body } : {}),
  });
  if (answer.status !== 202)
    throw new Error(`${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body.id;
};

/** The run when it has ended. */
export const ended = (api: Api, id: string, withinMs = 30_000): Promise<Run> =>
  eventually(async () => {
    const run = await runOf(api, id);
    if (run.status !== 'completed' && run.status !== 'failed') throw new Error(`${id} is ${run.status}`);
    return run;
  }, withinMs);

export const secondsOf = ({ startedAt, finishedAt }: Run): number =>
  (Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? '')) / 1_000;
