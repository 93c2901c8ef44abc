import type { SweepParameters } from './run';
import type { RunRequest } from './run-book';

/** Everything that Zoho has: inactive items, and those that are sold out. */
export const everything = (batchSize: number): SweepParameters => ({
  withLevels: true,
  activeOnly: false,
  withStockOnly: false,
  batchSize,
  dryRun: false,
  syncImages: false,
});

/** The sweep that runs every so often. */
export const stockSweep = (batchSize: number): Omit<RunRequest, 'requestedBy'> => ({
  kind: 'stock',
  parameters: { ...everything(batchSize), activeOnly: true },
});
