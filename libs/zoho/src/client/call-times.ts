/** Milliseconds, and how often. */
export type CallTimes = Readonly<{
  timeoutMs: number;
  retryMs: number;
  retries: number;
  /** After so many failures on end, no calls for `openMs`, then one to see. */
  breaksAfter: number;
  openMs: number;
  /** After code 1070 */
  soonMs: number;
}>;

export const callTimes: CallTimes = {
  timeoutMs: 30_000,
  retryMs: 300,
  retries: 3,
  breaksAfter: 8,
  openMs: 5_000,
  soonMs: 300,
};
