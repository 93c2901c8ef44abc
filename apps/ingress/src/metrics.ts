import type { RequestHandler } from 'express';
import { Counter, Histogram } from 'prom-client';

const webhooks = new Counter({
  name: 'tally_webhooks_total',
  help: 'Webhooks by entity and what the door, or the translator, made of them',
  labelNames: ['entity', 'status'],
});

const answerSeconds = new Histogram({
  name: 'tally_webhook_answer_seconds',
  help: 'From the head of a webhook to our answer, whatever it was; stored on disk in between',
  buckets: [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
});

export const timeAnswer: RequestHandler = (_request, response, next) => {
  const end = answerSeconds.startTimer();
  response.once('finish', end);
  next();
};

/** Entities come from outside: what is not one of ours is counted as `other`, so that labels stay few. */
export const countWebhook = (entity: string, status: string): void =>
  webhooks.inc({ entity: known.has(entity) ? entity : 'other', status });

const known = new Set([
  'item',
  'contact',
  'invoice',
  'bill',
  'creditnote',
  'pricebook',
  'salesorder',
  'package',
  'shipment_order',
  'salesreturn',
  'purchase_receive',
  'vendor_credit',
  'inventory_adjustment',
  'transfer_order',
  'bundle',
]);
