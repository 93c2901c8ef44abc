import { quantile, VoidRun } from '../bench';
import { serve } from '../worker';
import { imbalance, runLoad } from './load';
import { webhookRequest } from './webhooks';

export type Storm = Readonly<{
  port: number;
  connections: number;
  count: number;
  /** Number of the first document: no two storms on one system may share any. */
  first: number;
  rate?: number;
}>;

const tasks = {
  send: async ({ port, connections, count, first, rate }: Storm) => {
    const requests = Array.from({ length: count }, (_, n) => webhookRequest(first + n));
    const { ledger, seconds, startedAt, latencies } = await runLoad({
      port,
      connections,
      requests,
      ...(rate ? { rate } : {}),
    });
    const problem = imbalance(ledger);
    if (problem) throw new VoidRun(problem);
    const percentile = (share: number) => quantile(latencies, share);
    return {
      perSecond: ledger.completed / seconds,
      seconds,
      startedAt,
      ledger,
      latency: { p50: percentile(0.5), p99: percentile(0.99), p999: percentile(0.999) },
    };
  },
};

export type LoadTasks = typeof tasks;
serve(tasks);
