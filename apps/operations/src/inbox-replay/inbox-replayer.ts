import { Inject, Injectable } from '@nestjs/common';
import { type Naming, streamSeq } from '@tallystream/contracts';
import {
  JETSTREAM,
  type JetStreamConnection,
  messagesAfter,
  publish,
  REDRIVE_OF,
  type StreamMessage,
} from '@tallystream/jetstream';
import { newestDocuments } from '@tallystream/ledger';
import { CONFIG, type Config, NAMING } from '@tallystream/platform';
import { Pace } from '../pace';
import type { InboxReplay } from '../runs/operation-run';
import { readWebhook, type StoredWebhook, type Verdict, verdictOn } from './webhook-verdict';

/** So many webhooks are read in one step, with their bodies. */
const STEP = 100;
/** Of a webhook that was put back: the run that did it. */
const REPLAY = 'Tally-Replay';

type Decided = Readonly<{ message: StreamMessage; verdict: Verdict }>;

/**
 * Handles stored webhooks again: first it counts what the ledger lacks, and then puts that back into the inbox. What
 * the ledger has is passed over: a late version does no harm, but asks for an observation (ADR 6, 17).
 */
@Injectable()
export class InboxReplayer {
  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
    @Inject(CONFIG) private readonly config: Config,
    private readonly pace: Pace,
  ) {}

  async *carryOut(begun: InboxReplay, signal: AbortSignal): AsyncGenerator<InboxReplay> {
    let run = begun;
    if (run.phase !== 'replaying') {
      for await (run of this.count({ ...run, phase: 'counting' }, signal)) yield run;
      if (signal.aborted || run.parameters.dryRun) return;
      const position = streamSeq(run.parameters.first - 1);
      run = { ...run, phase: 'replaying', position };
    }
    yield* this.putBack(run, signal);
  }

  private async *count(begun: InboxReplay, signal: AbortSignal): AsyncGenerator<InboxReplay> {
    let run = { ...begun, expected: begun.stats.lacking ?? 0 };
    for await (const { position, decided } of this.steps(run, signal)) {
      const stats = { ...run.stats };
      for (const { verdict } of decided) stats[verdict] = (stats[verdict] ?? 0) + 1;
      run = { ...run, position, stats, expected: stats.lacking ?? 0 };
      yield run;
    }
  }

  private async *putBack(begun: InboxReplay, signal: AbortSignal): AsyncGenerator<InboxReplay> {
    let run = begun;
    for await (const { position, decided } of this.steps(run, signal)) {
      let left = decided.filter(({ verdict }) => verdict === 'lacking').map(({ message }) => message);
      while (left.length > 0) {
        const next = left.slice(0, await this.pace.room(signal));
        if (signal.aborted) return;
        left = left.slice(next.length);
        await Promise.all(next.map((message) => this.putBackOne(message, run)));
        const done = run.done + next.length;
        run = { ...run, done, stats: { ...run.stats, replayed: done } };
        yield run;
      }
      run = { ...run, position };
      yield run;
    }
  }

  /** What is left of the stretch, a part at a time, each webhook that fits the filter with what is to become of it. */
  private async *steps({ parameters, position: begin }: InboxReplay, signal: AbortSignal) {
    const { filter, last } = parameters;
    const subject = this.naming.subject(filter.entity ? `zoho.inbox.${filter.entity}.*` : 'zoho.inbox.>');
    const stream = this.naming.stream('ZOHO_INBOX');
    for (let position: number = begin; position < last && !signal.aborted; ) {
      const found = await messagesAfter(this.connection, stream, subject, { after: position, max: STEP });
      const messages = found.filter(({ seq }) => seq <= last);
      // The server gives fewer at a time than asked for when they are large.
      position = messages.length === found.length ? (found.at(-1)?.seq ?? last) : last;
      yield { position: streamSeq(position), decided: await this.decide(messages, filter.documentId) };
    }
  }

  private async decide(
    messages: readonly StreamMessage[],
    documentId: string | undefined,
  ): Promise<readonly Decided[]> {
    const webhooks = messages
      .map((message) => readWebhook(message, this.config.DEFAULT_WAREHOUSE_ID))
      .filter((webhook) => documentId === undefined || isAbout(webhook, documentId));
    const names = webhooks.flatMap(({ documents }) => documents);
    const applied = await newestDocuments(this.connection, this.naming, names);
    return webhooks.map((webhook) => ({ message: webhook.message, verdict: verdictOn(webhook, applied) }));
  }

  /** Within the inbox's window for duplicates it goes in once, even when the run is taken up again. */
  private async putBackOne(message: StreamMessage, { runId }: InboxReplay): Promise<void> {
    const kept = Object.entries(message.headers()).filter(([name]) => !name.startsWith('Nats-'));
    const headers = { [REDRIVE_OF]: String(message.seq), ...Object.fromEntries(kept), [REPLAY]: runId };
    const { subject, data, seq } = message;
    await publish(this.connection, { subject, headers, data }, { messageId: `${runId}:${seq}` });
  }
}

const isAbout = ({ documents }: StoredWebhook, documentId: string): boolean =>
  documents.some(({ id }) => id === documentId);
