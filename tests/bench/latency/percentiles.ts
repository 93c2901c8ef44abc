import { median, quantile } from '../bench';

/** Milliseconds from the scheduled time. */
export type Percentiles = Readonly<{ p50: number; p99: number; p999: number }>;

export const percentiles = (latencies: readonly number[]): Percentiles => ({
  p50: quantile(latencies, 0.5),
  p99: quantile(latencies, 0.99),
  p999: quantile(latencies, 0.999),
});

/** The medians over rounds, as `p50 / p99 / p99.9`. */
export const medians = (rounds: readonly Percentiles[]): string =>
  (['p50', 'p99', 'p999'] as const)
    .map((share) => median(rounds.map((round) => round[share])).toFixed(1))
    .join(' / ');
