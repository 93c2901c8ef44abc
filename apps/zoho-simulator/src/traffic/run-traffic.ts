import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { type BookingType, typeOfAction } from '../bookings/registry';
import { warehouseIds } from '../organisation/warehouses';
import { seededRandom } from '../random';
import type { Simulator } from '../simulator';
import { AHEAD, countIn, type DeliveryReport, emptyReport } from '../webhooks/delivery-report';
import { randomOrder } from './random-orders';
import { scopeOf, trafficTypes, weights } from './scope';

export const trafficRequest = z.strictObject({
  count: z.number().int().min(1).max(1_000_000),
  /** Unset: goes on from where the simulator is, differently after each booking. */
  seed: z.number().int().min(0).max(4_294_967_295).optional(),
  /** Each at its time, whatever becomes of the webhooks before it. Unset: as fast as webhooks are taken. */
  perSecond: z.number().min(0.01).max(10_000).optional(),
  types: z.array(z.enum(trafficTypes)).min(1).optional(),
  /** How often each type happens, beside the others; what is not named, as usual. */
  weights: weights.optional(),
  /** Only the first so many items, and warehouses. */
  items: z.number().int().min(2).max(100_000).optional(),
  warehouses: z.number().int().min(1).max(warehouseIds.length).optional(),
});
export type TrafficRequest = z.infer<typeof trafficRequest>;

export type TrafficReport = DeliveryReport & {
  booked: number;
  byType: Partial<Record<BookingType, number>>;
};

/** Books random transactions and posts their webhooks; resolves when the last one is settled. */
export const runTraffic = async (simulator: Simulator, request: TrafficRequest): Promise<TrafficReport> => {
  const { organisation, delivery } = simulator;
  const random = seededRandom(request.seed ?? simulator.seed + organisation.bookings);
  const scope = scopeOf(request);
  const report: TrafficReport = { booked: 0, byType: {}, ...emptyReport() };
  const settled: Promise<void>[] = [];
  const { perSecond } = request;
  const began = performance.now();
  const pace = async (): Promise<void> => {
    if (perSecond === undefined) return delivery.unsettledBelow(AHEAD);
    const early = began + (report.booked * 1_000) / perSecond - performance.now();
    if (early > 0) await pause(early);
  };
  while (report.booked < request.count && simulator.isOpen()) {
    const order = randomOrder(organisation, random, scope);
    const answers = simulator.announce(simulator.carryOut(order));
    settled.push(...answers.map(async (answer) => countIn(report, await answer)));
    const type = typeOfAction(order.action);
    report.booked += 1;
    report.byType[type] = (report.byType[type] ?? 0) + 1;
    if (report.booked % 64 === 0) await nextTurn();
    await pace();
  }
  delivery.flush();
  await Promise.all(settled);
  return report;
};
