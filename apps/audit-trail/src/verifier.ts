import { Inject, Injectable } from '@nestjs/common';
import { instantFrom, millisOf, type Naming, type StreamSeq, streamSeq } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection, lastSequence, streamBatches } from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';
import {
  Database,
  type Moment,
  positionAt,
  type RecordedEvent,
  type Verification,
  verifyTrail,
} from '@tallystream/projection-store';
import { readAnchors } from './anchors';
import { invalid, refuseFuture } from './moments';
import { recordedEventOf } from './recorded-event';

export type VerifyRange = Readonly<{ from?: Moment | undefined; to?: Moment | undefined }>;

/** Messages that are compared before others get a turn. */
const BATCH = 250;

/** Holds the trail against the ledger and the anchors. */
@Injectable()
export class Verifier {
  constructor(
    private readonly database: Database,
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
  ) {}

  /** @throws Problem `invalid_request`, `store_unavailable`; the reason of `signal` */
  async verify(range: VerifyRange, signal: AbortSignal): Promise<Verification> {
    const from = range.from && (await this.firstOf('from', range.from));
    const to = range.to && (await this.lastOf('to', range.to));
    if (from !== undefined && to !== undefined && from > to + 1)
      throw invalid('to', 'must not be before from');
    return verifyTrail({
      database: this.database,
      events: (first, last) => this.events(first, last, signal),
      anchors: await readAnchors(this.connection, this.naming),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      signal,
    });
  }

  private async firstOf(field: string, moment: Moment): Promise<StreamSeq> {
    await refuseFuture(this.database, field, moment);
    if ('seq' in moment) return moment.seq;
    const before = await positionAt(this.database, { time: instantFrom(millisOf(moment.time) - 1) });
    return streamSeq((before?.seq ?? 0) + 1);
  }

  private async lastOf(field: string, moment: Moment): Promise<StreamSeq> {
    await refuseFuture(this.database, field, moment);
    if ('seq' in moment) return moment.seq;
    return (await positionAt(this.database, moment))?.seq ?? streamSeq(0);
  }

  private async *events(from: StreamSeq, to: StreamSeq, signal: AbortSignal): AsyncGenerator<RecordedEvent> {
    const stream = this.naming.stream('STOCK');
    if (from > to || (await lastSequence(this.connection, stream)) < from) return;
    const batches = streamBatches({
      connection: this.connection,
      stream,
      subject: this.naming.subject('stock.>'),
      after: from - 1,
      maxBatch: BATCH,
      signal,
    });
    for await (const { messages, pending } of batches) {
      for (const message of messages) {
        if (message.seq > to) return;
        yield recordedEventOf(message);
      }
      if (pending === 0 || messages.some(({ seq }) => seq >= to)) return;
    }
    signal.throwIfAborted();
  }
}
