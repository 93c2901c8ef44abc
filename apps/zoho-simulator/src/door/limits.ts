import { zohoDate } from '../clock';

/** Zoho's limits on calls. One that is not set is off. */
export type LimitSettings = Readonly<{
  /** Calls in any 60 seconds. One more, and every call is refused for `blockSeconds`. */
  perMinute?: number;
  blockSeconds: number;
  /** Calls in a day of the organisation's time zone. */
  perDay?: number;
  /** Calls under way at once. */
  concurrency?: number;
  /** Which window the `X-Rate-Limit-…` headers tell of. */
  headers: 'off' | 'minute' | 'day';
  /** Whether a refusal says in `Retry-After` when to come again. */
  retryAfter: boolean;
}>;

export const noLimits: LimitSettings = { blockSeconds: 60, headers: 'off', retryAfter: false };
/** As a paid organisation has them, the smallest plan. */
export const zohoLimits: LimitSettings = { ...noLimits, perMinute: 100, perDay: 2000, concurrency: 10 };

export type Refusal = Readonly<{ code: 44 | 45 | 1070; message: string; retryAfterSeconds?: number }>;
export type Limits = ReturnType<typeof callLimits>;

const MINUTE_MS = 60_000;
const DAY_SECONDS = 86_400;

/** Counts calls against the limits, by the simulator's clock. */
export const callLimits = (initial: LimitSettings) => {
  let settings = initial;
  let recent: number[] = [];
  let day = '';
  let today = 0;
  let inFlight = 0;
  let blockedUntilMs = 0;

  const turnTo = (nowMs: number): void => {
    while ((recent[0] ?? nowMs) <= nowMs - MINUTE_MS) recent.shift();
    const date = zohoDate(Math.floor(nowMs / 1000));
    if (date === day) return;
    day = date;
    today = 0;
  };

  const refusalOf = (nowMs: number): Refusal | undefined => {
    const wait = (untilMs: number) =>
      settings.retryAfter ? { retryAfterSeconds: Math.ceil((untilMs - nowMs) / 1000) } : {};
    if (settings.perDay !== undefined && today >= settings.perDay)
      return { code: 45, message: dayMessage(settings.perDay), ...wait(nextDayMs(nowMs)) };
    if (settings.perMinute !== undefined && recent.length >= settings.perMinute && nowMs >= blockedUntilMs)
      blockedUntilMs = nowMs + settings.blockSeconds * 1000;
    if (nowMs < blockedUntilMs) return { code: 44, message: MINUTE_MESSAGE, ...wait(blockedUntilMs) };
    if (settings.concurrency !== undefined && inFlight >= settings.concurrency)
      return { code: 1070, message: CONCURRENCY_MESSAGE, ...wait(nowMs + 1000) };
    return undefined;
  };

  const windowOf = (nowMs: number): Record<string, string> => {
    const isMinute = settings.headers === 'minute';
    const limit = isMinute ? settings.perMinute : settings.perDay;
    if (settings.headers === 'off' || limit === undefined) return {};
    const endMs = isMinute ? (recent[0] ?? nowMs) + MINUTE_MS : nextDayMs(nowMs);
    return {
      'X-Rate-Limit-Limit': String(limit),
      'X-Rate-Limit-Remaining': String(Math.max(0, limit - (isMinute ? recent.length : today))),
      'X-Rate-Limit-Reset': String(Math.max(0, Math.ceil((endMs - nowMs) / 1000))),
    };
  };

  return {
    /** Lets a call in, to be followed by `leave`, or says why not. */
    enter: (nowMs: number): Readonly<{ refusal?: Refusal; headers: Record<string, string> }> => {
      turnTo(nowMs);
      const refusal = refusalOf(nowMs);
      if (refusal) return { refusal, headers: windowOf(nowMs) };
      recent.push(nowMs);
      today += 1;
      inFlight += 1;
      return { headers: windowOf(nowMs) };
    },
    leave: (): void => {
      inFlight -= 1;
    },
    /** `usedToday` sets the day's count, so that its end can be met without making all those calls. */
    change: (
      changes: Partial<LimitSettings> & Readonly<{ usedToday?: number | undefined }>,
      nowMs: number,
    ): void => {
      const { usedToday, ...others } = changes;
      turnTo(nowMs);
      settings = { ...settings, ...others };
      if (usedToday !== undefined) today = usedToday;
    },
    /** Back to where the process began. */
    reset: (): void => {
      settings = initial;
      recent = [];
      today = 0;
      blockedUntilMs = 0;
    },
    state: (nowMs: number) => {
      turnTo(nowMs);
      return {
        perMinute: settings.perMinute ?? null,
        blockSeconds: settings.blockSeconds,
        perDay: settings.perDay ?? null,
        concurrency: settings.concurrency ?? null,
        headers: settings.headers,
        retryAfter: settings.retryAfter,
        usedInMinute: recent.length,
        usedToday: today,
        inFlight,
        blockedForMs: Math.max(0, blockedUntilMs - nowMs),
      };
    },
  };
};

const MINUTE_MESSAGE = 'Your account has been blocked: too many requests per minute came from it.';
const CONCURRENCY_MESSAGE =
  'The maximum number of in process requests has been reached. Try again after some time.';
const dayMessage = (limit: number): string =>
  `The API call for this organization has exceeded the maximum call rate limit of ${limit}.`;

/** Midnight in the organisation's time zone, five and a half hours before that of the world. */
const nextDayMs = (nowMs: number): number => {
  const shifted = Math.floor(nowMs / 1000) + 19_800;
  return (shifted - (shifted % DAY_SECONDS) + DAY_SECONDS - 19_800) * 1000;
};
