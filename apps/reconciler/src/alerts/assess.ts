import {
  type AlertName,
  type AlertNotice,
  alertNames,
  type Instant,
  instantSchema,
  millisOf,
  type Severity,
  severities,
} from '@tallystream/contracts';
import { z } from 'zod';
import type { Readings } from './readings';
import { type Measure, rules } from './rules';

const raisedSchema = z.object({
  severity: z.enum(severities),
  /** When this severity began. */
  since: instantSchema,
  /** When it was last told of. */
  toldAt: instantSchema,
  detail: z.string(),
  /** Since when it has measured less; it ends when it has for a while. */
  calmSince: instantSchema.optional(),
});
/** An alert that is raised. */
export type Raised = Readonly<z.infer<typeof raisedSchema>>;

export const alertStatesSchema = z.partialRecord(z.enum(alertNames), raisedSchema);
/** The alerts that are raised. */
export type AlertStates = Readonly<Partial<Record<AlertName, Raised>>>;

const MINUTE_MS = 60_000;
/** What comes and goes is one trouble, told of once. */
export const CALM_MS = 2 * MINUTE_MS;
export const TELL_AGAIN_MS = 4 * 60 * MINUTE_MS;

type Outcome = Readonly<{ state: Raised | undefined; notice?: AlertNotice }>;

/** What the readings make of the alerts, and what is to be told of it: changes only, and what lasts. */
export const assess = (
  previous: AlertStates,
  readings: Readings,
  now: Instant,
): Readonly<{ states: AlertStates; notices: readonly AlertNotice[] }> => {
  const outcomes = alertNames.map((name) => [name, next(name, previous[name], readings, now)] as const);
  return {
    states: Object.fromEntries(outcomes.flatMap(([name, { state }]) => (state ? [[name, state]] : []))),
    notices: outcomes.flatMap(([, { notice }]) => notice ?? []),
  };
};

const next = (name: AlertName, previous: Raised | undefined, readings: Readings, now: Instant): Outcome => {
  const measures = rules[name](readings);
  if (!measures) return remindIfDue(name, previous, now);
  const { severity, detail } = severest(measures, previous?.severity);
  if (!previous) return severity ? raise(name, severity, detail, now) : { state: undefined };
  if (rank(severity) > rank(previous.severity) && severity) return raise(name, severity, detail, now);
  if (severity === previous.severity) {
    const { calmSince: _, ...rest } = previous;
    return remindIfDue(name, { ...rest, detail }, now);
  }
  const calmSince = previous.calmSince ?? now;
  if (millisOf(now) - millisOf(calmSince) < CALM_MS)
    return remindIfDue(name, { ...previous, calmSince }, now);
  if (severity) return raise(name, severity, detail, now);
  const { severity: was, since } = previous;
  return { state: undefined, notice: noticeOf(name, 'cleared', { severity: was, since, detail }, now) };
};

const raise = (name: AlertName, severity: Severity, detail: string, now: Instant): Outcome => {
  const state = { severity, since: now, toldAt: now, detail };
  return { state, notice: noticeOf(name, 'raised', state, now) };
};

const remindIfDue = (name: AlertName, state: Raised | undefined, now: Instant): Outcome => {
  if (!state || millisOf(now) - millisOf(state.toldAt) < TELL_AGAIN_MS) return { state };
  return { state: { ...state, toldAt: now }, notice: noticeOf(name, 'lasting', state, now) };
};

const noticeOf = (
  name: AlertName,
  status: AlertNotice['status'],
  { severity, since, detail }: Pick<Raised, 'severity' | 'since' | 'detail'>,
  at: Instant,
): AlertNotice => ({ name, severity, status, since, at, detail, runbook: `docs/runbook.md#${name}` });

/** The severity that the measures amount to, in the words of the ones that do; in those of all when all is well. */
const severest = (
  measures: readonly Measure[],
  previous: Severity | undefined,
): Readonly<{ severity: Severity | undefined; detail: string }> => {
  const judged = measures.map((measure) => ({ ...measure, severity: severityOf(measure, previous) }));
  const severity = [...severities].reverse().find((one) => judged.some((each) => each.severity === one));
  const telling = judged.filter((each) => each.severity === severity).map(({ detail }) => detail);
  return { severity, detail: telling.length > 0 ? telling.join('; ') : 'nothing to be seen' };
};

const severityOf = (
  { value, warning, critical }: Measure,
  previous: Severity | undefined,
): Severity | undefined => {
  const holds = (limit: Measure['warning'], held: boolean) =>
    limit !== undefined && (limit.isOver(value) || (held && !limit.isUnder(value)));
  if (holds(critical, previous === 'critical')) return 'critical';
  return holds(warning, previous !== undefined) ? 'warning' : undefined;
};

const rank = (severity: Severity | undefined): number =>
  severity === undefined ? -1 : severities.indexOf(severity);
