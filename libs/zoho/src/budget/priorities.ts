/** Who goes first when calls are scarce. */
export type Priority = 'operator' | 'observation' | 'sweep' | 'other';

/** How a call may spend: its place in the budget, and when to give up waiting. */
export type CallOptions = Readonly<{
  priority: Priority;
  signal?: AbortSignal;
  /** Milliseconds to wait for the budget at most; absent: as long as it takes */
  patienceMs?: number;
  /** Told of every request that is sent, tries included: each costs one call of the quota */
  onRequest?: () => void;
}>;

/**
 * Who is served first, and how many percent of each limit may be used up when one of that priority still goes.
 * Who comes later stops earlier, so that who can go at all is never held up by one who cannot.
 *
 * - operator: an incident must not wait for a new day; the last 10 % are theirs alone.
 * - observation: proves what webhooks changed, within seconds, with one call for up to 100 items.
 * - sweep: runs every quarter of an hour, and finds tomorrow what it does not find today.
 * - other: nobody waits for it.
 */
export const priorities: Readonly<
  Record<Priority, Readonly<{ rank: number; minutePercent: number; dayPercent: number }>>
> = {
  operator: { rank: 0, minutePercent: 100, dayPercent: 100 },
  observation: { rank: 1, minutePercent: 90, dayPercent: 90 },
  sweep: { rank: 2, minutePercent: 80, dayPercent: 80 },
  other: { rank: 3, minutePercent: 70, dayPercent: 70 },
};
