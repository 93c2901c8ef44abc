import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  NotFoundException,
  Param,
  Post,
  Query,
  UseGuards,
} from '@nestjs/common';
import { z } from 'zod';
import { documentBody } from '../bodies/document-body';
import { warehouseId } from '../bookings/booking';
import { readZohoTime } from '../clock';
import { documentTypes } from '../organisation/documents';
import { momentAt, momentsOf } from '../organisation/history';
import { documentsOf, findDocument, livingItem } from '../organisation/organisation';
import { MAIN_WAREHOUSE_ID } from '../organisation/warehouses';
import { SIMULATOR, type Simulator } from '../simulator';
import { pastHooks, replay } from '../webhooks/replay';
import { controlInput } from './control-input';
import { LoopbackGuard } from './loopback.guard';
import { shownMoment, trueLevels, trueLevelsAt } from './truth';

const written = z.union([z.string(), z.number().int().min(0).transform(String)]);
/** Milliseconds since 1970: written so, as ISO 8601, or as Zoho writes times. */
const instant = written.transform((text, context) => {
  const at = /^\d+$/.test(text) ? Number(text) : (isoMilliseconds(text) ?? Number.NaN);
  if (!Number.isNaN(at)) return at;
  context.addIssue('must be a time');
  return z.NEVER;
});

const isoMilliseconds = (text: string): number | undefined => {
  const zoho = readZohoTime(text);
  if (zoho !== undefined) return zoho * 1000;
  return /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(text) ? Date.parse(text) : undefined;
};

const past = z.strictObject({ at: instant.optional() });
const historyOf = z.strictObject({
  itemId: z.string().min(1),
  warehouseId: warehouseId.default(MAIN_WAREHOUSE_ID),
  from: instant.optional(),
  to: instant.optional(),
});
const replayRequest = z.strictObject({
  from: instant.optional(),
  to: instant.optional(),
  types: z
    .array(z.enum([...documentTypes, 'item']))
    .min(1)
    .optional(),
  versions: z.enum(['all', 'newest']).default('all'),
});
const newest = z.strictObject({
  number: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(20),
});
const resend = z.strictObject({ times: z.number().int().min(1).max(1000).default(1) });

/** What was and is true, and saying it again. */
@Controller('control')
@UseGuards(LoopbackGuard)
export class TruthController {
  constructor(@Inject(SIMULATOR) private readonly simulator: Simulator) {}

  /** Every level, now or as it was `at` some time. */
  @Get('truth')
  truth(@Query() query: unknown) {
    const { organisation } = this.simulator;
    const { at } = controlInput(past, query);
    return {
      levels:
        at === undefined ? trueLevels(organisation, organisation.items) : trueLevelsAt(organisation, at),
    };
  }

  @Get('truth/:itemId')
  truthOfItem(@Param('itemId') itemId: string) {
    const { organisation } = this.simulator;
    const item = livingItem(organisation, itemId);
    if (!item) throw new NotFoundException({ error: 'not_found', message: `no item ${itemId}` });
    return { levels: trueLevels(organisation, [item]) };
  }

  /** All that a level has been, oldest first; with `from`, what it was by then comes first. */
  @Get('history')
  history(@Query() query: unknown) {
    const { itemId, warehouseId, from = 0, to = Number.POSITIVE_INFINITY } = controlInput(historyOf, query);
    const moments = momentsOf(this.simulator.organisation.history, itemId, warehouseId);
    if (moments.length === 0)
      throw new NotFoundException({ error: 'not_found', message: `no level of ${itemId} in ${warehouseId}` });
    const first = momentAt(moments, from);
    return {
      itemId,
      warehouseId,
      moments: moments
        .filter((moment) => moment === first || (moment.at > from && moment.at <= to))
        .map(shownMoment),
    };
  }

  /** The newest documents of a type, or the one with a number. */
  @Get('documents/:type')
  documents(@Param('type') type: string, @Query() query: unknown) {
    const { number, limit } = controlInput(newest, query);
    const documents = documentsOf(this.simulator.organisation, controlInput(z.enum(documentTypes), type))
      .filter((document) => number === undefined || document.number === number)
      .slice(-limit)
      .reverse();
    return { documents: documents.map(({ id, number: found, status }) => ({ id, number: found, status })) };
  }

  @Get('documents/:type/:id')
  document(@Param('type') type: string, @Param('id') id: string) {
    const { organisation } = this.simulator;
    const document = findDocument(organisation, controlInput(z.enum(documentTypes), type), id);
    if (!document) throw new NotFoundException({ error: 'not_found', message: `no ${type} ${id}` });
    return documentBody(organisation, document);
  }

  /** Posts the newest webhook of a document again, byte for byte; of a deleted one too. */
  @Post('documents/:type/:id/resend')
  @HttpCode(200)
  async resend(@Param('type') type: string, @Param('id') id: string, @Body() body: unknown) {
    const { times } = controlInput(resend, body);
    const { delivery } = this.simulator;
    const newest = pastHooks(this.simulator.past, (subject) => subject.type === type && subject.id === id).at(
      -1,
    );
    if (!newest) throw new NotFoundException({ error: 'not_found', message: `no ${type} ${id}` });
    const answers = Array.from({ length: times }, () => delivery.post(newest.hook));
    delivery.flush();
    return { webhooks: await Promise.all(answers) };
  }

  /** Posts again what was announced in some time, as it was then. */
  @Post('replay')
  @HttpCode(200)
  replay(@Body() body: unknown) {
    const { from = 0, to = Number.POSITIVE_INFINITY, ...wanted } = controlInput(replayRequest, body);
    return replay(this.simulator.past, this.simulator.delivery, { from, to, ...wanted });
  }
}
