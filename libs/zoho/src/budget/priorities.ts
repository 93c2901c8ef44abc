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
