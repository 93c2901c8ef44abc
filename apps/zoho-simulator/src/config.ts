import { z } from 'zod';
import { type LimitSettings, noLimits, zohoLimits } from './door/limits';
import type { DeliverySettings } from './webhooks/delivery';

export type Config = Readonly<{
  host: string;
  port: number;
  items: number;
  /** How many of them, the last ones, are inactive from the start. */
  inactive: number;
  seed: number;
  stateFile?: string;
  delivery: DeliverySettings;
  limits: LimitSettings;
}>;

/** A variable is missing or wrong; the message names it, the fault and an example in one line. */
export class BadConfig extends Error {}

/** The only place that knows the names of environment variables. An empty variable is an unset one. */
export const parseConfig = (environment: NodeJS.ProcessEnv): Config => {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw new BadConfig(faultLine(parsed.error.issues[0]));
  const values = parsed.data;
  return {
    host: values.HOST,
    port: values.PORT,
    items: values.SIMULATOR_ITEMS,
    inactive: values.SIMULATOR_INACTIVE_ITEMS,
    seed: values.SIMULATOR_SEED,
    stateFile: values.SIMULATOR_STATE_FILE,
    delivery: {
      url: values.SIMULATOR_WEBHOOK_URL,
      secret: values.ZOHO_WEBHOOK_SECRET ?? '',
      concurrency: values.SIMULATOR_WEBHOOK_CONCURRENCY,
      retries: values.SIMULATOR_WEBHOOK_RETRIES,
      retryPauseMs: values.SIMULATOR_WEBHOOK_RETRY_PAUSE_MS,
      timeoutMs: 10_000,
      faults: {
        duplicate: values.SIMULATOR_WEBHOOK_DUPLICATE,
        reorder: values.SIMULATOR_WEBHOOK_REORDER,
        lose: values.SIMULATOR_WEBHOOK_LOSE,
        late: values.SIMULATOR_WEBHOOK_LATE,
        lateSeconds: values.SIMULATOR_WEBHOOK_LATE_SECONDS,
      },
      dailyCap: values.SIMULATOR_WEBHOOK_DAILY_CAP,
    },
    limits: values.SIMULATOR_LIMITS,
  };
};

const whole = (from: number, to: number) =>
  z.coerce
    .number(`must be a whole number from ${from} to ${to}`)
    .refine(
      (value) => Number.isInteger(value) && value >= from && value <= to,
      `must be a whole number from ${from} to ${to}`,
    );
const probability = z.coerce
  .number('must be a probability from 0 to 1')
  .refine((value) => value >= 0 && value <= 1, 'must be a probability from 0 to 1');

const limitNames = {
  minute: 'perMinute',
  day: 'perDay',
  concurrency: 'concurrency',
  block: 'blockSeconds',
} as const;
const LIMITS = /^(off|zoho|(minute|day|concurrency|block)=\d+(,(minute|day|concurrency|block)=\d+)*)$/;

/** `off`, `zoho` (what a small paid organisation has), or some of them: `minute=100,day=5000`. */
const limits = z
  .string()
  .regex(LIMITS, 'must be off, zoho, or a list of minute=, day=, concurrency= and block=')
  .transform((text): LimitSettings => {
    if (text === 'off') return noLimits;
    if (text === 'zoho') return zohoLimits;
    const given = [...text.matchAll(/(minute|day|concurrency|block)=(\d+)/g)];
    return {
      ...noLimits,
      ...Object.fromEntries(given.map(([, name, value]) => [nameOf(name), Number(value)])),
    };
  });

const nameOf = (name: string | undefined): string =>
  Object.entries(limitNames).find(([short]) => short === name)?.[1] ?? '';

const schema = z
  .object({
    HOST: z.string().default('127.0.0.1'),
    PORT: whole(0, 65_535).default(4000),
    SIMULATOR_ITEMS: whole(1, 100_000).default(300),
    SIMULATOR_INACTIVE_ITEMS: whole(0, 100_000).default(0),
    SIMULATOR_SEED: whole(0, 4_294_967_295).default(1),
    SIMULATOR_STATE_FILE: z.string().optional(),
    SIMULATOR_WEBHOOK_URL: z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' }).optional(),
    ZOHO_WEBHOOK_SECRET: z.string().optional(),
    SIMULATOR_WEBHOOK_CONCURRENCY: whole(1, 1000).default(8),
    SIMULATOR_WEBHOOK_RETRIES: whole(0, 20).default(5),
    SIMULATOR_WEBHOOK_RETRY_PAUSE_MS: whole(1, 60_000).default(500),
    SIMULATOR_WEBHOOK_DUPLICATE: probability.default(0),
    SIMULATOR_WEBHOOK_REORDER: probability.default(0),
    SIMULATOR_WEBHOOK_LOSE: probability.default(0),
    SIMULATOR_WEBHOOK_LATE: probability.default(0),
    SIMULATOR_WEBHOOK_LATE_SECONDS: whole(0, 3600).default(5),
    SIMULATOR_WEBHOOK_DAILY_CAP: whole(1, 1_000_000).optional(),
    SIMULATOR_LIMITS: limits.default(noLimits),
  })
  .refine((values) => !values.SIMULATOR_WEBHOOK_URL || values.ZOHO_WEBHOOK_SECRET, {
    path: ['ZOHO_WEBHOOK_SECRET'],
    message: 'must be set when SIMULATOR_WEBHOOK_URL is',
  });

const examples: Readonly<Record<string, string>> = {
  PORT: '4000',
  SIMULATOR_ITEMS: '300',
  SIMULATOR_INACTIVE_ITEMS: '10',
  SIMULATOR_SEED: '1',
  SIMULATOR_WEBHOOK_URL: 'http://127.0.0.1:3001/webhooks/zoho',
  ZOHO_WEBHOOK_SECRET: 'a-secret-of-your-own',
  SIMULATOR_WEBHOOK_CONCURRENCY: '8',
  SIMULATOR_WEBHOOK_RETRIES: '5',
  SIMULATOR_WEBHOOK_RETRY_PAUSE_MS: '500',
  SIMULATOR_WEBHOOK_DUPLICATE: '0.1',
  SIMULATOR_WEBHOOK_REORDER: '0.2',
  SIMULATOR_WEBHOOK_LOSE: '0.1',
  SIMULATOR_WEBHOOK_LATE: '0.1',
  SIMULATOR_WEBHOOK_LATE_SECONDS: '5',
  SIMULATOR_WEBHOOK_DAILY_CAP: '1000',
  SIMULATOR_LIMITS: 'minute=100,day=5000,concurrency=10',
};

const faultLine = (issue: z.core.$ZodIssue | undefined): string => {
  const variable = String(issue?.path[0] ?? 'environment');
  return `${variable} ${issue?.message ?? 'is wrong'}; example: ${variable}=${examples[variable] ?? ''}`;
};
