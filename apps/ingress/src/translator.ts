import { Controller, Inject } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { ApiExcludeController } from '@nestjs/swagger';
import {
  type AppliedLine,
  type Cause,
  type ItemId,
  type Naming,
  QuantityOverflow,
  quantityNames,
  streamSeqSchema,
  type WebhookOutcome,
} from '@tallystream/contracts';
import type { DocumentDecision, StockDocument } from '@tallystream/domain';
import { type ReceivedWebhook, UNSUPPORTED, webhookFrom } from '@tallystream/inbox';
import {
  DeadLetter,
  type Delivery,
  JETSTREAM,
  type JetStreamConnection,
  OnMessage,
  publishTogether,
  REDRIVE_OF,
  type StreamMessage,
} from '@tallystream/jetstream';
import { type Ledger, type Origin, WriteTooLarge } from '@tallystream/ledger';
import { CONFIG, type Config, NAMING } from '@tallystream/platform';
import { type ParsedWebhook, parseWebhook, UnreadableDocument } from '@tallystream/zoho';
import { LEDGER } from './ledger.provider';
import { countWebhook } from './metrics';
import { ObservationRequests } from './observation-requests';

/** What a webhook came to: everything of its log entry but where it came from. */
type Handled = Pick<WebhookOutcome, 'status' | 'document' | 'effect' | 'error'>;

/** A message of the inbox, and the webhook that it holds. */
type Arrived = Readonly<{ message: StreamMessage; webhook: ReceivedWebhook }>;

/** Takes webhooks from the inbox through the rules of the domain into the ledger. */
@ApiExcludeController()
@Controller()
export class Translator {
  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
    @Inject(LEDGER) private readonly ledger: Ledger,
    @Inject(CONFIG) private readonly config: Config,
    private readonly observations: ObservationRequests,
  ) {}

  /**
   * Each step may be done again after a crash: the ledger knows the message by its sequence, an observation
   * asked for twice is one, and the newest outcome holds. The acknowledgement comes last.
   */
  @OnMessage({
    name: 'translator',
    stream: 'ZOHO_INBOX',
    filter: 'zoho.inbox.>',
    concurrency: 128,
    isPatient: true,
  })
  async translate(@Payload() message: StreamMessage, @Ctx() delivery: Delivery): Promise<void> {
    const arrived: Arrived = { message, webhook: webhookFrom(message) };
    try {
      await this.report(arrived, await this.handle(this.parse(arrived), arrived));
    } catch (error) {
      const letter = deadLetterFrom(error);
      if (letter || delivery.isLast) {
        await this.report(arrived, { status: 'dead', error: letter?.line ?? messageOf(error) });
      }
      throw letter ?? error;
    }
  }

  private parse({ message, webhook }: Arrived): ParsedWebhook {
    const { entity, body, contentType, event } = webhook;
    if (entity === UNSUPPORTED)
      return { kind: 'ignored', entity, why: 'came by the URL of an entity that is not known' };
    const defaultWarehouse = this.config.DEFAULT_WAREHOUSE_ID;
    return parseWebhook(
      { body, contentType, event, receivedAt: message.storedAt },
      defaultWarehouse ? { defaultWarehouse } : {},
    );
  }

  private async handle(parsed: ParsedWebhook, arrived: Arrived): Promise<Handled> {
    switch (parsed.kind) {
      case 'documents':
        return this.apply(parsed.documents, arrived);
      case 'observe':
        // What a document of no known effect did is what is found; an item's own page moves no stock, so what
        // differs there is drift like any other.
        await this.observe(parsed.items, arrived, { inDoubt: parsed.entity !== 'item', atOnce: false });
        return { status: 'ignored', effect: `moves nothing; ${parsed.items.length} items will be looked at` };
      case 'ignored':
        return { status: 'ignored', effect: parsed.why };
      case 'unreadable':
        // What it did to the stock is not known: Zoho's numbers tell, whatever the document said.
        await this.observe(parsed.items, arrived, { inDoubt: true, atOnce: true });
        throw parsed.error;
    }
  }

  private async apply(documents: readonly StockDocument[], arrived: Arrived): Promise<Handled> {
    const cause = causeOf(arrived);
    const origin = originOf(arrived);
    const decisions: DocumentDecision[] = [];
    for (const document of documents) {
      const { result } = await this.ledger.applyDocument(document, cause, origin);
      decisions.push(result);
      await this.observe(result.observe, arrived, { inDoubt: true, atOnce: true });
    }
    const touched = decisions.flatMap(({ lines }) => lines.map(({ itemId }) => itemId));
    const inDoubt = new Set(decisions.flatMap(({ observe }) => observe));
    const calm = new Set(touched.filter((itemId) => !inDoubt.has(itemId)));
    // What a run brings, that run looks at again by itself.
    if (cause.kind !== 'sync') await this.observe([...calm], arrived, { inDoubt: false, atOnce: false });
    return summaryOf(documents, decisions);
  }

  private observe(
    items: readonly ItemId[],
    { message }: Arrived,
    how: Parameters<ObservationRequests['request']>[2],
  ): Promise<void> {
    return this.observations.request(items, `webhook:${message.seq}`, how);
  }

  private async report({ message, webhook }: Arrived, handled: Handled): Promise<void> {
    const { entity, event } = webhook;
    // What became of a webhook that was put back is also what became of it where it first stood.
    const first = streamSeqSchema.safeParse(Number(message.header(REDRIVE_OF) ?? message.seq)).data;
    const outcomes = [...new Set([first ?? message.seq, message.seq])].map((sequence) => {
      const outcome: WebhookOutcome = { sequence, entity, event, receivedAt: message.storedAt, ...handled };
      return {
        subject: this.naming.outcomeSubject(sequence),
        headers: { 'content-type': 'application/json' },
        data: Buffer.from(JSON.stringify(outcome)),
      };
    });
    await publishTogether(this.connection, this.naming.stream('ZOHO_OUTCOMES'), outcomes);
    countWebhook(entity, handled.status);
  }
}

/**
 * One message, one cause: the ledger knows by it what it has handled before. A run may bring a document twice
 * within one of Zoho's seconds, so its id alone would take the second for the first.
 */
const causeOf = ({ message, webhook: { syncRun } }: Arrived): Cause =>
  syncRun
    ? { kind: 'sync', id: `${syncRun}:${message.seq}`, actor: 'reconciler' }
    : { kind: 'webhook', id: String(message.seq), actor: 'zoho' };

/** What goes into the headers of the events, so that a trace that begins before us goes on behind us. */
const originOf = ({ message, webhook }: Arrived): Origin => {
  const { traceparent } = webhook.headers;
  const isTrace = traceparent !== undefined && TRACEPARENT.test(traceparent);
  return { receivedAt: message.storedAt, ...(isTrace ? { traceparent } : {}) };
};

/** Of W3C trace context: version, trace, parent, flags. All zeros, or a version of `ff`, is none. */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;

/** Errors that no further attempt can change, as dead letters with a reason and one line for the log. */
const deadLetterFrom = (error: unknown): (DeadLetter & { line: string }) | undefined => {
  const reason = hopeless(error);
  if (reason === undefined) return undefined;
  const letter = new DeadLetter(reason, messageOf(error));
  return Object.assign(letter, { line: `${reason}: ${letter.message}` });
};

const hopeless = (error: unknown): string | undefined => {
  if (error instanceof UnreadableDocument) return error.reason;
  if (error instanceof QuantityOverflow) return 'quantity_overflow';
  return error instanceof WriteTooLarge ? 'too_many_lines' : undefined;
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What moved decides; then what is in doubt, what was absorbed, and what was known already. */
const strongest = ['applied', 'unknown-history', 'absorbed', 'stale'] as const;

const summaryOf = (documents: readonly StockDocument[], decisions: readonly DocumentDecision[]): Handled => {
  const status = strongest.find((one) => decisions.some(({ outcome }) => outcome === one)) ?? 'stale';
  const lines = decisions.flatMap((decision) => decision.lines);
  const [first] = documents;
  return {
    status,
    ...(first && {
      document: { type: first.type, id: first.id, ...(first.number && { number: first.number }) },
    }),
    effect: status === 'stale' ? 'this version or a later one is applied already' : effectLine(lines),
  };
};

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
