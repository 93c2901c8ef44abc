import { Counter, Gauge, Histogram } from 'prom-client';
import type { Budget } from '../budget/budget';

const requests = new Counter({
  name: 'tally_zoho_requests_total',
  help: "Requests to Zoho by endpoint and Zoho's code: 0 is success; http_<status> without a code; no_answer",
  labelNames: ['endpoint', 'code'],
});

const seconds = new Histogram({
  name: 'tally_zoho_request_seconds',
  help: 'How long Zoho took to answer, without the time in our queue',
  labelNames: ['endpoint'],
  buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
});

/** @param path below the product, e.g. `invoices/982000000567114`: its id is no label */
export const countRequest = (path: string, code: string, tookMs: number): void => {
  const endpoint = path.replace(/\/[^/]*\d[^/]*$/, '/:id');
  requests.inc({ endpoint, code });
  seconds.observe({ endpoint }, tookMs / 1000);
};

const budgets = new Set<Budget>();

new Gauge({
  name: 'tally_zoho_quota_remaining',
  help: 'Calls that are left in the window, for all replicas together; absent while Redis cannot be reached',
  labelNames: ['window'],
  async collect() {
    this.reset();
    for (const budget of budgets) {
      const quota = await budget.status().catch(() => undefined);
      if (!quota) continue;
      this.set({ window: 'minute' }, quota.minute.remaining);
      this.set({ window: 'day' }, quota.day.remaining);
    }
  },
});

/** Shows in the metrics what is left of the budget, until the signal. */
export const watchQuota = (budget: Budget, signal: AbortSignal): void => {
  budgets.add(budget);
  signal.addEventListener('abort', () => budgets.delete(budget), { once: true });
};
