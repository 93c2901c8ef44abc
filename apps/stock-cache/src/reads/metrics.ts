import type { StockAnswer } from '@tallystream/contracts';
import { Counter } from 'prom-client';

const reads = new Counter({
  name: 'tally_stock_reads_total',
  help: 'Items that were asked for, by where the answer came from; unavailable: nobody knows',
  labelNames: ['source'],
});

const misses = new Counter({
  name: 'tally_stock_misses_total',
  help: 'Items that no store knew and that Zoho was wanted for: asked, asked by others, refused, failed',
  labelNames: ['outcome'],
});

export const countReads = (answers: readonly StockAnswer[]): void => {
  const counts: Partial<Record<StockAnswer['source'], number>> = {};
  for (const { source } of answers) counts[source] = (counts[source] ?? 0) + 1;
  for (const [source, count] of Object.entries(counts)) reads.inc({ source }, count);
};

export const countMiss = (outcome: 'asked' | 'asked by others' | 'refused' | 'failed'): void =>
  misses.inc({ outcome });
