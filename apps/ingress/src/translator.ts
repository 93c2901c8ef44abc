import { Controller, Inject } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { ApiExcludeController } from '@nestjs/swagger';
import {
  type AppliedLine,
  type Cause,
  type Naming,
  QuantityOverflow,
  quantityNames,
  type WebhookOutcome,
} from '@tallystream/contracts';
import {
  DeadLetter,
  type Delivery,
  JETSTREAM,
  type JetStreamConnection,
  OnMessage,
  publish,
  type StreamMessage,
} from '@tallystream/jetstream';
import { type Ledger, WriteTooLarge } from '@tallystream/ledger';
import { CONFIG, type Config, NAMING } from '@tallystream/platform';
import { type ParsedWebhook, parseWebhook } from '@tallystream/zoho';
import { UNSUPPORTED } from './entities';
import { webhookFrom } from './inbox';
import { LEDGER } from './ledger.provider';
import { countWebhook } from './metrics';

/** What a webhook came to: everything of its log entry but where it came from. */
type Handled = Pick<WebhookOutcome, 'status' | 'document' | 'effect' | 'error'>;

/** Takes webhooks from the inbox through the rules of the domain into the ledger. */
@ApiExcludeController()
@Controller()
export class Translator {
  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
    @Inject(LEDGER) private readonly ledger: Ledger,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @OnMessage({ name: 'translator', stream: 'ZOHO_INBOX', filter: 'zoho.inbox.>', concurrency: 128 })
  async translate(@Payload() message: StreamMessage, @Ctx() delivery: Delivery): Promise<void> {
    const parsed = this.parse(message);
    if (parsed.kind === 'unreadable') {
      return this.bury(message, new DeadLetter(parsed.error.reason, parsed.error.message));
    }
    try {
      await this.report(message, await this.handle(parsed, message));
    } catch (error) {
      const hopeless = hopelessReason(error);
      if (hopeless) return this.bury(message, hopeless);
      if (delivery.isLast) await this.report(message, { status: 'dead', error: messageOf(error) });
      throw error;
    }
  }

  private parse(message: StreamMessage): ParsedWebhook {
    const { entity, body, contentType, event } = webhookFrom(message);
    if (entity === UNSUPPORTED)
      return { kind: 'ignored', entity, why: 'came by the URL of an entity that is not known' };
    const defaultWarehouse = this.config.DEFAULT_WAREHOUSE_ID;
    return parseWebhook(
      { body, contentType, event, receivedAt: message.storedAt },
      defaultWarehouse ? { defaultWarehouse } : {},
    );
  }

  private async handle(
    parsed: Exclude<ParsedWebhook, { kind: 'unreadable' }>,
    message: StreamMessage,
  ): Promise<Handled> {
    if (parsed.kind === 'ignored') return { status: 'ignored', effect: parsed.why };
    const { type, id, number } = parsed.document;
    const cause: Cause = { kind: 'webhook', id: String(message.seq), actor: 'zoho' };
    const { result } = await this.ledger.applyDocument(parsed.document, cause);
    return {
      status: result.outcome,
      document: { type, id, ...(number ? { number } : {}) },
      effect:
        result.outcome === 'stale'
          ? 'this version or a later one is applied already'
          : effectLine(result.lines),
    };
  }

  private async bury(message: StreamMessage, letter: DeadLetter): Promise<never> {
    await this.report(message, { status: 'dead', error: `${letter.reason}: ${letter.message}` });
    throw letter;
  }

  private async report(message: StreamMessage, handled: Handled): Promise<void> {
    const { entity, event } = webhookFrom(message);
    const outcome: WebhookOutcome = {
      sequence: message.seq,
      entity,
      event,
      receivedAt: message.storedAt,
      ...handled,
    };
    await publish(this.connection, {
      subject: this.naming.outcomeSubject(message.seq),
      headers: { 'content-type': 'application/json' },
      data: Buffer.from(JSON.stringify(outcome)),
    });
    countWebhook(entity, handled.status);
  }
}

/** Errors that no further attempt can change. */
const hopelessReason = (error: unknown): DeadLetter | undefined => {
  if (error instanceof QuantityOverflow) return new DeadLetter('quantity_overflow', error.message);
  return error instanceof WriteTooLarge ? new DeadLetter('too_many_lines', error.message) : undefined;
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const SHOWN_LINES = 3;

/** `-3 onHand of item … in warehouse …; …`, the first lines of it. */
const effectLine = (lines: readonly AppliedLine[]): string => {
  if (lines.length === 0) return 'moves nothing';
  const shown = lines.slice(0, SHOWN_LINES).map(({ itemId, warehouseId, delta, treatment }) => {
    const moves = quantityNames.flatMap((name) => (delta[name] ? [`${signed(delta[name])} ${name}`] : []));
    const did = moves.length > 0 ? moves.join(', ') : treatment === 'delta' ? 'no change' : treatment;
    return `${did} of ${itemId} in ${warehouseId}`;
  });
  const more = lines.length > SHOWN_LINES ? `; and ${lines.length - SHOWN_LINES} more` : '';
  return shown.join('; ') + more;
};

const signed = (value: number): string => (value > 0 ? `+${value}` : String(value));
