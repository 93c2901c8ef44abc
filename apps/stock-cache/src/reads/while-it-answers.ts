import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  TaskCancelledError,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';

export type Patience = Readonly<{
  /** What the server that is away throws; all else is thrown on. */
  isAway: (error: Error) => boolean;
  /** After so many failures in a row the server is left alone … */
  failures: number;
  /** … for so long; then one asks whether it is back. In milliseconds, as is the longest wait for an answer. */
  pauseMs: number;
  longestMs: number;
  /** Told when the server is left alone, and when it is back. */
  changed: (isBack: boolean, error?: Error) => void;
}>;

/**
 * Asks a server for as long as it answers. While it is away, nobody waits for it, but the one who asks whether it is
 * back.
 * @returns nothing when the server is away
 */
export const whileItAnswers = ({ isAway, failures, pauseMs, longestMs, changed }: Patience) => {
  const isFailure = (error: Error) => error instanceof TaskCancelledError || isAway(error);
  const breaker = circuitBreaker(handleWhen(isFailure), {
    halfOpenAfter: pauseMs,
    breaker: new ConsecutiveBreaker(failures),
  });
  breaker.onBreak((reason) => changed(false, 'error' in reason ? reason.error : undefined));
  breaker.onReset(() => changed(true));
  const policy = wrap(breaker, timeout(longestMs, TimeoutStrategy.Aggressive));

  return async <T>(ask: () => Promise<T>): Promise<T | undefined> => {
    // The library would let everybody wait for the one who tries.
    if (breaker.state === CircuitState.HalfOpen) return undefined;
    try {
      return await policy.execute(ask);
    } catch (error) {
      if (error instanceof BrokenCircuitError) return undefined;
      if (error instanceof Error && isFailure(error)) return undefined;
      throw error;
    }
  };
};
