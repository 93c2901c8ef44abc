import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  NotFoundException,
  Param,
  Post,
  UseGuards,
} from '@nestjs/common';
import { z } from 'zod';
import { documentBody } from '../bodies/document-body';
import { zohoTime } from '../clock';
import { documentTypes } from '../organisation/documents';
import { findDocument, livingItem } from '../organisation/organisation';
import { ORGANIZATION_ID } from '../organisation/warehouses';
import { SIMULATOR, type Simulator } from '../simulator';
import { runTraffic, trafficRequest } from '../traffic/run-traffic';
import { controlInput } from './control-input';
import { LoopbackGuard } from './loopback.guard';
import { trueLevels } from './truth';

const probability = z.number().min(0).max(1);
const faults = z.strictObject({ duplicate: probability, reorder: probability, lose: probability }).partial();

/** The simulator as a whole: its state, its truth, its traffic. */
@Controller('control')
@UseGuards(LoopbackGuard)
export class ControlController {
  constructor(@Inject(SIMULATOR) private readonly simulator: Simulator) {}

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

  @Get('truth')
  truth() {
    const { organisation } = this.simulator;
    return { levels: trueLevels(organisation, organisation.items) };
  }

  @Get('truth/:itemId')
  truthOfItem(@Param('itemId') itemId: string) {
    const { organisation } = this.simulator;
    const item = livingItem(organisation, itemId);
    if (!item) throw new NotFoundException({ error: 'not_found', message: `no item ${itemId}` });
    return { levels: trueLevels(organisation, [item]) };
  }

  @Get('documents/:type/:id')
  document(@Param('type') type: string, @Param('id') id: string) {
    const { organisation } = this.simulator;
    const document = findDocument(organisation, controlInput(z.enum(documentTypes), type), id);
    if (!document) throw new NotFoundException({ error: 'not_found', message: `no ${type} ${id}` });
    return documentBody(organisation, document);
  }

  @Post('transactions')
  @HttpCode(200)
  transactions(@Body() body: unknown) {
    return runTraffic(this.simulator, controlInput(trafficRequest, body));
  }

  @Post('delivery')
  @HttpCode(200)
  setFaults(@Body() body: unknown) {
    this.simulator.delivery.setFaults(controlInput(faults, body));
    return this.simulator.delivery.state();
  }
}
