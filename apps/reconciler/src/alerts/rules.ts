import type { AlertName } from '@tallystream/contracts';
import type { Readings } from './readings';

/** A limit with its hysteresis: between `isOver` and `isUnder` an alert stays what it is. */
export type Limit = Readonly<{ isOver: (value: number) => boolean; isUnder: (value: number) => boolean }>;

/** One measured value, with the limits that it has. */
export type Measure = Readonly<{ value: number; detail: string; warning?: Limit; critical?: Limit }>;

/** What an alert looks at; nothing when it cannot be told now. An empty list is well. */
export type Rule = (readings: Readings) => readonly Measure[] | undefined;

const above = (limit: number, clear: number): Limit => ({
  isOver: (value) => value > limit,
  isUnder: (value) => value <= clear,
});
const below = (limit: number, clear: number): Limit => ({
  isOver: (value) => value < limit,
  isUnder: (value) => value >= clear,
});
const atMost = (limit: number, clear: number): Limit => ({
  isOver: (value) => value <= limit,
  isUnder: (value) => value > clear,
});

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** The table of alerts: the first number raises, the second clears. */
export const rules: Readonly<Record<AlertName, Rule>> = {
  backlog: ({ backlog }) =>
    backlog?.flatMap(({ consumer, events, oldestSeconds }) => [
      {
        value: events,
        detail: `${events} wait for ${consumer}`,
        warning: above(50, 40),
        critical: above(200, 160),
      },
      {
        value: oldestSeconds,
        detail: `the oldest has waited ${whole(oldestSeconds)} s for ${consumer}`,
        warning: above(30, 20),
        critical: above(5 * MINUTE, 4 * MINUTE),
      },
    ]),
  'sync-success': ({ syncSuccess }) =>
    syncSuccess && [
      {
        value: syncSuccess.rate,
        detail: `${percent(syncSuccess.rate)} of ${syncSuccess.runs} runs succeeded within 24 hours`,
        warning: below(0.95, 0.96),
        critical: below(0.9, 0.92),
      },
    ],
  'failed-items': ({ failedItems }) =>
    failedItems && [
      {
        value: failedItems.share,
        detail: `${percent(failedItems.share)} of the items of ${failedItems.runId} failed`,
        warning: above(0.01, 0.008),
        critical: above(0.05, 0.04),
      },
    ],
  'run-duration': ({ runDuration }) =>
    runDuration && [
      {
        value: runDuration.seconds,
        detail: `${runDuration.runId} takes ${whole(runDuration.seconds)} s, usual are ${whole(runDuration.medianSeconds)} s`,
        warning: above(2 * runDuration.medianSeconds, 1.5 * runDuration.medianSeconds),
      },
    ],
  'stock-age': ({ stock }) =>
    stock && [
      {
        value: stock.ageSeconds,
        detail: `the last whole sweep ended ${whole(stock.ageSeconds / MINUTE)} min ago`,
        warning: above(HOUR, 50 * MINUTE),
        critical: above(4 * HOUR, 3.5 * HOUR),
      },
      {
        value: stock.items,
        detail: `${stock.items} items have stock, more than ${stock.minItems} expected`,
        critical: atMost(stock.minItems, 1.01 * stock.minItems),
      },
    ],
  'dead-letters': ({ deadLetters }) =>
    deadLetters === undefined
      ? undefined
      : [
          {
            value: deadLetters,
            detail: `${deadLetters} messages could not be handled`,
            warning: above(0, 0),
            critical: above(20, 15),
          },
        ],
  'open-drift': ({ drift }) =>
    drift && [
      {
        value: drift.openForAnHour,
        detail: `${drift.openForAnHour} drifts have waited for an hour`,
        warning: above(0, 0),
      },
      { value: drift.open, detail: `${drift.open} drifts wait for a decision`, critical: above(20, 15) },
    ],
  'no-webhook': ({ silentHours }) =>
    silentHours === undefined
      ? undefined
      : [
          {
            value: silentHours,
            detail: `no webhook for ${whole(silentHours)} h, while sweeps find changes`,
            warning: above(24, 24),
          },
        ],
  'zoho-quota': ({ quota }) =>
    quota && [
      {
        value: quota.remaining / quota.limit,
        detail: `${quota.remaining} of ${quota.limit} calls to Zoho are left today`,
        warning: below(0.2, 0.25),
        critical: atMost(0, 0.05),
      },
    ],
  'ledger-verify': ({ brokenInvariants }) =>
    brokenInvariants && [
      {
        value: brokenInvariants.count,
        detail: `${brokenInvariants.runId} found ${brokenInvariants.count} broken invariants`,
        critical: above(0, 0),
      },
    ],
};

const whole = (value: number): string => String(Math.round(value));
const percent = (share: number): string => `${Math.round(share * 1_000) / 10} %`;
