import { Counter } from 'prom-client';
import type { Observed } from './observe-items';

const observed = new Counter({
  name: 'tally_observed_items_total',
  help: 'Items that the observation queue had looked at in Zoho, by what came of it',
  labelNames: ['outcome'],
});

export const countObservations = ({ items, changedItems, gone, failures }: Observed): void => {
  observed.inc({ outcome: 'changed' }, changedItems.length);
  observed.inc({ outcome: 'agreed' }, items.length - changedItems.length);
  observed.inc({ outcome: 'gone' }, gone.length);
  observed.inc({ outcome: 'failed' }, failures.length);
};
