import { Counter, Histogram } from 'prom-client';

export const commitSeconds = new Histogram({
  name: 'tally_ledger_commit_seconds',
  help: 'How long JetStream took to commit a batch of events; those that failed are left out',
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
});

export const committed = new Counter({
  name: 'tally_ledger_events_total',
  help: 'Events that this process committed to the ledger, by type',
  labelNames: ['type'],
});

export const conflicts = new Counter({
  name: 'tally_ledger_conflicts_total',
  help: 'Batches that gave way to another writer, and were decided anew',
});
