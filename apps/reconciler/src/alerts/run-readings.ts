import { type Instant, millisOf } from '@tallystream/contracts';
import { isFinished } from '@tallystream/runs';
import type { Run } from '../runs/run';
import type { Readings } from './readings';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A median is of so many runs at most, and of so few at least. */
const COMPARED = { most: 10, least: 3 };
/** What takes a second or two may well take five. */
const SHORTEST_MEDIAN_S = 5;

/** What the runs say, the newest of which comes first. Replays ask Zoho nothing, and say nothing of syncing. */
export const runReadings = (
  all: readonly Run[],
  now: number,
): Pick<Readings, 'syncSuccess' | 'failedItems' | 'runDuration'> => {
  const runs = all.filter(({ kind }) => kind !== 'replay');
  return { ...successOf(runs, now), ...failuresOf(runs), ...durationOf(runs, now) };
};

/** Whether a sweep of the last 24 hours moved a level that no webhook had told of. */
export const foundChanges = (all: readonly Run[], opening: string, now: number): boolean =>
  all.some(
    (run) =>
      run.runId !== opening &&
      run.kind !== 'replay' &&
      run.stats.levelsChanged > 0 &&
      now - millisOf(run.finishedAt ?? run.updatedAt) < DAY_MS,
  );

const successOf = (runs: readonly Run[], now: number): Pick<Readings, 'syncSuccess'> => {
  const recent = runs.filter(
    (run) => isFinished(run) && now - millisOf(run.finishedAt ?? run.updatedAt) < DAY_MS,
  );
  if (recent.length === 0) return {};
  const good = recent.filter(({ status }) => status === 'completed').length;
  return { syncSuccess: { rate: good / recent.length, runs: recent.length } };
};

const failuresOf = (runs: readonly Run[]): Pick<Readings, 'failedItems'> => {
  const newest = runs.find((run) => isFinished(run) && run.stats.processed > 0);
  if (!newest) return {};
  const { failed, processed } = newest.stats;
  return { failedItems: { runId: newest.runId, share: failed / processed } };
};

/** Of each kind the newest whole run; of those the one that takes the longest for its kind. */
const durationOf = (runs: readonly Run[], now: number): Pick<Readings, 'runDuration'> => {
  const whole = runs.filter(({ parameters }) => !parameters.itemIds && !parameters.modifiedSince);
  const compared = [...new Set(whole.map(({ kind }) => kind))].flatMap((kind) => {
    const [newest, ...before] = whole.filter((run) => run.kind === kind && run.startedAt);
    const usual = before
      .filter(({ status }) => status === 'completed')
      .slice(0, COMPARED.most)
      .map((run) => secondsOf(run, now));
    if (!newest || usual.length < COMPARED.least) return [];
    const medianSeconds = Math.max(medianOf(usual), SHORTEST_MEDIAN_S);
    return [{ runId: newest.runId, seconds: secondsOf(newest, now), medianSeconds }];
  });
  const [slowest] = compared.sort((a, b) => b.seconds / b.medianSeconds - a.seconds / a.medianSeconds);
  return slowest ? { runDuration: slowest } : {};
};

const secondsOf = (run: Run, now: number): number => {
  const end: Instant | undefined = run.finishedAt;
  const began = run.startedAt ? millisOf(run.startedAt) : now;
  return Math.max(0, (end ? millisOf(end) : now) - began) / 1_000;
};

const medianOf = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return (low + high) / 2;
};
