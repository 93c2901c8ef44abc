import { setImmediate as nextTurn } from 'node:timers/promises';
import { book, type Command, momentOf } from '../bookings/registry';
import type { CatalogueOptions } from '../organisation/catalogue';
import { newOrganisation, type Subject } from '../organisation/organisation';
import type { Delivery } from './delivery';
import { AHEAD, countIn, type DeliveryReport, emptyReport } from './delivery-report';
import { type Hook, hookOf } from './hook';

/** What is to be announced again: documents changed in these milliseconds, both ends included. */
export type ReplayRequest = Readonly<{
  from: number;
  to: number;
  types?: readonly Subject['type'][] | undefined;
  /** Every version of that time, or the last one of each document. */
  versions: 'all' | 'newest';
}>;

export type ReplayReport = DeliveryReport & { announced: number };
/** The organisation as it began, and all that was booked since. */
export type Past = Readonly<{ foundation: CatalogueOptions; commands: readonly Command[] }>;
type Announcement = Readonly<{ id: string; hook: Hook }>;

/** The same webhooks as then, byte for byte: the organisation lives through its bookings once more. */
export const pastHooks = (past: Past, wanted: (document: Subject, at: number) => boolean): Announcement[] => {
  const organisation = newOrganisation(past.foundation);
  return past.commands.flatMap((command) =>
    book(organisation, command)
      .filter(({ document }) => wanted(document, momentOf(organisation, command)))
      .map((change) => ({ id: change.document.id, hook: hookOf(organisation, change) })),
  );
};

export const replay = async (
  past: Past,
  delivery: Delivery,
  request: ReplayRequest,
): Promise<ReplayReport> => {
  const { from, to, types, versions } = request;
  const then = pastHooks(
    past,
    ({ type }, at) => at >= from && at <= to && (types === undefined || types.includes(type)),
  );
  const hooks = versions === 'all' ? then : [...new Map(then.map((one) => [one.id, one])).values()];
  const report: ReplayReport = { announced: hooks.length, ...emptyReport() };
  const settled: Promise<void>[] = [];
  for (const { hook } of hooks) {
    settled.push(delivery.post(hook).then((answer) => countIn(report, answer)));
    if (settled.length % 64 === 0) await nextTurn();
    await delivery.unsettledBelow(AHEAD);
  }
  delivery.flush();
  await Promise.all(settled);
  return report;
};
