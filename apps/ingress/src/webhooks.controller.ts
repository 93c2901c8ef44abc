import { Controller, HttpCode, Inject, Logger, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Problem } from '@tallystream/contracts';
import { UNSUPPORTED } from '@tallystream/inbox';
import { CONFIG, type Config, Open } from '@tallystream/platform';
import { isForm, isJsonObject, isSigned, sniffRootKey } from '@tallystream/zoho';
import type { Request } from 'express';
import { ZodResponse } from 'nestjs-zod';
import { entityRootKeys, rootKeyOfEntity, splitEvent, token } from './entities';
import { Inbox } from './inbox';
import { countWebhook } from './metrics';
import { AcceptedDto } from './webhooks.dto';

const SIGNATURE = 'x-zoho-webhook-signature';
const event = {
  name: 'event',
  required: false,
  type: String,
  example: 'invoice.updated',
  description: 'absent: updated',
};
const org = { name: 'org', required: false, type: String, description: "Zoho's organization id" };

const signed = {
  name: SIGNATURE,
  required: true,
  description:
    'HMAC-SHA256, hex or base64, over the query pairs sorted by key (key and value joined), then the raw body',
};
const zohoDocument = {
  description: "Zoho's default payload: the whole document under its root key",
  schema: { type: 'object', example: { invoice: { invoice_id: '2646610000012345678', status: 'sent' } } },
};

/** Zoho's door: checks the signature over the raw bytes, stores them, and only then answers. */
@ApiTags('webhooks')
@Open()
@Controller()
export class WebhooksController {
  private readonly logger = new Logger('webhooks');

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly inbox: Inbox,
  ) {}

  @Post('webhooks/zoho')
  @HttpCode(202)
  @ApiOperation({ summary: 'Any Zoho document, signed; 202 once it is stored' })
  @ApiHeader(signed)
  @ApiBody(zohoDocument)
  @ApiQuery(event)
  @ApiQuery(org)
  @ZodResponse({ status: 202, type: AcceptedDto })
  receive(@Req() request: Request, @Query('event') eventName?: unknown): Promise<AcceptedDto> {
    const { entity, event } = splitEvent(textOf(eventName));
    return this.accept(request, entity, event);
  }

  @Post('zoho/webhooks/:entity')
  @HttpCode(202)
  @ApiOperation({ summary: 'The same, with one URL per entity' })
  @ApiParam({ name: 'entity', enum: Object.keys(entityRootKeys) })
  @ApiHeader(signed)
  @ApiBody(zohoDocument)
  @ApiQuery(event)
  @ApiQuery(org)
  @ZodResponse({ status: 202, type: AcceptedDto })
  receiveEntity(
    @Req() request: Request,
    @Param('entity') entity: string,
    @Query('event') eventName?: unknown,
  ): Promise<AcceptedDto> {
    return this.accept(request, rootKeyOfEntity(entity) ?? UNSUPPORTED, splitEvent(textOf(eventName)).event);
  }

  private async accept(request: Request, named: string | undefined, event: string): Promise<AcceptedDto> {
    const body: Buffer = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const contentType = request.get('content-type') ?? '';
    const entity = named ?? sniffRootKey(body) ?? 'unknown';
    this.refuseUnsigned(request, body, contentType, entity);

    const organization = token(textOf(request.query.org));
    const { seq, duplicate } = await this.inbox.store({
      entity,
      event,
      ...(organization ? { organization } : {}),
      url: request.originalUrl,
      headers: keptHeaders(request),
      contentType,
      body,
    });
    countWebhook(entity, duplicate ? 'duplicate' : 'accepted');
    return { status: 'accepted', id: String(seq), duplicate };
  }

  private refuseUnsigned(request: Request, body: Buffer, contentType: string, entity: string): void {
    const secrets = this.config.ZOHO_WEBHOOK_SECRET;
    if (secrets.length === 0) {
      if (!this.config.ZOHO_WEBHOOK_INSECURE) {
        throw this.rejected(entity, 'webhooks_disabled', 'Set ZOHO_WEBHOOK_SECRET to take webhooks.');
      }
      if (!isJsonObject(body, contentType))
        throw this.rejected(entity, 'unreadable_body', 'The body is not JSON.');
      return;
    }
    const form = isForm(contentType);
    const signed = {
      query: new URL(request.originalUrl, 'http://localhost').searchParams,
      form: form ? new URLSearchParams(body.toString('utf8')) : [],
      ...(form ? { body: Buffer.alloc(0), rawBody: body } : { body }),
    };
    const settings = { secrets, bodyAlone: this.config.ZOHO_WEBHOOK_SIGNED_BODY };
    if (isSigned(signed, request.get(SIGNATURE) ?? '', settings)) return;
    throw this.rejected(
      entity,
      'invalid_signature',
      `The header ${SIGNATURE} does not belong to this request.`,
    );
  }

  private rejected(
    entity: string,
    code: 'webhooks_disabled' | 'unreadable_body' | 'invalid_signature',
    detail: string,
  ) {
    countWebhook(entity, 'rejected');
    this.logger.warn(`rejected a webhook for "${entity}": ${code}`);
    return new Problem(code, detail);
  }
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** Headers that say how it came; not who may call us: authorization and cookies stay out. */
const keptHeaders = (request: Request): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      typeof value === 'string' && (name.startsWith('x-zoho-') || kept.has(name)) ? [[name, value]] : [],
    ),
  );

const kept = new Set(['content-type', 'content-length', 'user-agent', 'date', 'traceparent']);
