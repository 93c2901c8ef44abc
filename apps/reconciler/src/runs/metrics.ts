import { Histogram } from 'prom-client';

export const runSeconds = new Histogram({
  name: 'tally_sync_run_seconds',
  help: 'How long runs took, by kind and how they ended',
  labelNames: ['kind', 'status'],
  buckets: [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900],
});
