import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { type Naming, Problem, streamSeqSchema } from '@tallystream/contracts';
import { webhookFrom } from '@tallystream/inbox';
import { JETSTREAM, type JetStreamConnection, messageAt } from '@tallystream/jetstream';
import { NAMING, NeedsRole } from '@tallystream/platform';
import { ZodResponse } from 'nestjs-zod';
import { WebhookLogStore } from './webhook-log.store';
import { WebhookDto, WebhookLogDto, WebhookLogQuery } from './webhooks.dto';

/** What came in, and what became of it. Bodies can hold personal data: operators only. */
@ApiTags('webhooks')
@NeedsRole('operator')
@Controller('debug/webhook-log')
export class WebhookLogController {
  constructor(
    private readonly store: WebhookLogStore,
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The newest webhooks and what became of them' })
  @ZodResponse({ status: 200, type: WebhookLogDto })
  list(@Query() query: WebhookLogQuery) {
    return this.store.list(query);
  }

  @Get(':sequence')
  @ApiOperation({ summary: 'One webhook whole: headers and raw body' })
  @ZodResponse({ status: 200, type: WebhookDto })
  async one(@Param('sequence') given: string) {
    const sequence = streamSeqSchema.safeParse(/^[1-9]\d{0,14}$/.test(given) ? Number(given) : undefined);
    if (!sequence.success) throw new Problem('invalid_request', 'sequence: must be a whole number from 1');
    const message = await messageAt(this.connection, this.naming.stream('ZOHO_INBOX'), sequence.data);
    if (!message) throw new Problem('not_found', `The inbox has no webhook ${given}.`);
    const { entity, event, url, headers, body } = webhookFrom(message);
    const text = Buffer.from(body).toString('utf8');
    const isText = Buffer.from(text, 'utf8').equals(body);
    return {
      ...((await this.store.find(sequence.data)) ?? {
        sequence: sequence.data,
        entity,
        event,
        receivedAt: message.storedAt,
        status: 'pending' as const,
      }),
      url,
      headers,
      body: isText ? text : Buffer.from(body).toString('base64'),
      bodyEncoding: isText ? ('utf8' as const) : ('base64' as const),
    };
  }
}
