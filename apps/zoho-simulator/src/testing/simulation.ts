import { type Change } from '../bookings/booking';
import { book } from '../bookings/registry';
import type { Config } from '../config';
import { noLimits } from '../door/limits';
import { newOrganisation, type Organisation } from '../organisation/organisation';
import { seededRandom } from '../random';
import { randomOrder } from '../traffic/random-orders';
import { scopeOf } from '../traffic/scope';
import type { DeliverySettings } from '../webhooks/delivery';

/** For specs: an organisation some random bookings later. `every` is how many bookings share a second. */
export const lived = (
  options: Readonly<{ seed: number; bookings: number; every?: number }>,
  observe: (changes: readonly Change[]) => void = () => undefined,
): Organisation => {
  const organisation = newOrganisation({ items: 40, seed: options.seed });
  const random = seededRandom(options.seed);
  const scope = scopeOf();
  for (let count = 0; count < options.bookings; count += 1) {
    const at = 1_700_000_000 + Math.floor(count / (options.every ?? 7));
    observe(book(organisation, { at, ...randomOrder(organisation, random, scope) }));
  }
  return organisation;
};

export const quietDelivery: DeliverySettings = {
  secret: 'a-secret-of-tests',
  concurrency: 8,
  retries: 2,
  retryPauseMs: 1,
  timeoutMs: 5000,
  faults: { duplicate: 0, reorder: 0, lose: 0, late: 0, lateSeconds: 5 },
};

/** A configuration for specs: small, quiet, without limits. */
export const quietConfig: Omit<Config, 'host' | 'port'> = {
  items: 40,
  inactive: 0,
  seed: 1,
  delivery: quietDelivery,
  limits: noLimits,
};
