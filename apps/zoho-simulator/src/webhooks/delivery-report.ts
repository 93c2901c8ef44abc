import type { Answer } from './delivery';

/** What became of many webhooks. Those still out when the simulator stops count as failed. */
export type DeliveryReport = { delivered: number; failed: number; lost: number; capped: number };

export const emptyReport = (): DeliveryReport => ({ delivered: 0, failed: 0, lost: 0, capped: 0 });

export const countIn = (report: DeliveryReport, { outcome }: Answer): void => {
  if (outcome === 'accepted') report.delivered += 1;
  if (outcome === 'lost') report.lost += 1;
  if (outcome === 'capped') report.capped += 1;
  if (outcome === 'failed' || outcome === 'abandoned') report.failed += 1;
};

/** So many bodies may wait to be posted; what makes them keeps pace with the receiver. */
export const AHEAD = 500;
