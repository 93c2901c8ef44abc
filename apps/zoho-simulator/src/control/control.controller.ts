import { Body, Controller, Get, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import { zohoTime } from '../clock';
import { documentTypes } from '../organisation/documents';
import { ORGANIZATION_ID } from '../organisation/warehouses';
import { SIMULATOR, type Simulator } from '../simulator';
import { runTraffic, trafficRequest } from '../traffic/run-traffic';
import { controlInput } from './control-input';
import { LoopbackGuard } from './loopback.guard';

const probability = z.number().min(0).max(1);
const count = z.number().int().min(0).max(1_000_000);
const delivery = z
  .strictObject({
    duplicate: probability,
    reorder: probability,
    lose: probability,
    late: probability,
    lateSeconds: z.number().min(0).max(3600),
    retries: count.max(20),
    retryPauseMs: count.min(1).max(60_000),
    dailyCap: count.nullable().transform((cap) => cap ?? undefined),
    sentToday: count,
  })
  .partial();

/** The simulator as a whole: its state, its traffic, how it delivers. */
@Controller('control')
@UseGuards(LoopbackGuard)
export class ControlController {
  constructor(@Inject(SIMULATOR) private readonly simulator: Simulator) {}

  /** `delivery.waiting` and `.inFlight` are 0 once every webhook is settled. */
  @Get('status')
  status() {
    const { organisation, clock, delivery, seed } = this.simulator;
    const live = [...organisation.documents.values()];
    return {
      organizationId: ORGANIZATION_ID,
      seed,
      now: zohoTime(clock.seconds()),
      items: organisation.items.length,
      levels: organisation.stock.levels.size,
      bookings: organisation.bookings,
      documents: Object.fromEntries(
        documentTypes.map((type) => [type, live.filter((document) => document.type === type).length]),
      ),
      delivery: delivery.state(),
    };
  }

  @Post('transactions')
  @HttpCode(200)
  transactions(@Body() body: unknown) {
    return runTraffic(this.simulator, controlInput(trafficRequest, body));
  }

  @Post('delivery')
  @HttpCode(200)
  tuneDelivery(@Body() body: unknown) {
    this.simulator.delivery.change(controlInput(delivery, body));
    return this.simulator.delivery.state();
  }
}
