import { Counter } from 'prom-client';

const webhooks = new Counter({
  name: 'tally_webhooks_total',
  help: 'Webhooks by entity and what the door, or the translator, made of them',
  labelNames: ['entity', 'status'],
});

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
