import { VoidRun } from '../bench';
import { imbalance, runLoad } from '../ingest/load';
import { percentiles } from '../latency/percentiles';
import { serve } from '../worker';
import { type Kind, readRequest } from './requests';

export type Storm = Readonly<{ port: number; kind: Kind; connections: number; count: number; rate?: number }>;

const tasks = {
  read: async ({ port, kind, connections, count, rate }: Storm) => {
    const requests = Array.from({ length: count }, (_, n) => readRequest(kind, n));
    const load = { port, connections, requests, ...(rate ? { rate } : {}) };
    const { ledger, seconds, latencies } = await runLoad(load);
    const problem = imbalance(ledger, 200);
    if (problem) throw new VoidRun(problem);
    return { perSecond: ledger.completed / seconds, latency: percentiles(latencies) };
  },
};

export type LoadTasks = typeof tasks;
serve(tasks);
