import {
  type LevelRef,
  type LevelTruth,
  type Naming,
  readLevel,
  type StreamSeq,
  streamSeq,
} from '@tallystream/contracts';
import type { Invariants } from '@tallystream/domain';
import { type JetStreamConnection, messageAt, messagesAfter } from '@tallystream/jetstream';
import { storedEvent } from '@tallystream/ledger';
import type { VerifyScope } from '@tallystream/runs';
import { claimFault, differenceOf } from './claim-fault';
import type { Findings } from './findings';

export type LevelCheckParts = Readonly<{
  connection: JetStreamConnection;
  naming: Naming;
  scope: Exclude<VerifyScope, 'ledger' | 'audit-trail'>;
  levels: Invariants['levels'];
  foldedTo: number;
  /** Where the store stood before it was read. */
  storeAt: number;
  findings: Findings;
}>;

/** Holds what a store says of all levels against the ledger, at the position that the store stands at. */
export class LevelCheck {
  private readonly seen: Uint8Array;
  private count = 0;

  constructor(private readonly parts: LevelCheckParts) {
    this.seen = new Uint8Array(parts.levels.size);
  }

  get checked(): number {
    return this.count;
  }

  /** What the store says of a level. @throws NatsUnavailable */
  async take(level: LevelRef, claimed: LevelTruth): Promise<void> {
    const { levels } = this.parts;
    const index = levels.indexOf(level);
    if (index >= 0) this.seen[index] = 1;
    this.count += 1;
    const fault = claimFault(index < 0 ? undefined : levels.at(index), claimed, this.parts);
    if (fault) this.tell(level, fault === 'open' ? await this.faultNow(level, claimed) : fault, claimed.seq);
  }

  /** After all that the store has: what it has not. @throws NatsUnavailable */
  async finish(): Promise<void> {
    const { levels } = this.parts;
    for (let index = 0; index < this.seen.length; index += 1) {
      if (this.seen[index] === 1) continue;
      this.count += 1;
      const truth = levels.at(index);
      const fault = claimFault(truth, undefined, this.parts);
      const level = fault && (await this.levelMovedBy(truth.seq));
      if (fault && level)
        this.tell(level, fault === 'open' ? await this.absenceNow(level) : fault, truth.seq);
    }
  }

  tell(level: LevelRef, what: string | undefined, seq?: number): void {
    const { findings, scope } = this.parts;
    if (what !== undefined) findings.add({ check: scope, what, level, ...(seq ? { seq } : {}) });
  }

  /** By the very event that the store names, and by whether the store has come as far as the next one. */
  private async faultNow(level: LevelRef, claimed: LevelTruth): Promise<string | undefined> {
    const truth = await this.truthBy(level, claimed.seq);
    if (!truth) return `it is there by event ${claimed.seq}, which is not of this level`;
    const next = await this.nextOf(level, claimed.seq);
    return next !== undefined && next <= this.parts.storeAt
      ? `it is there by event ${claimed.seq}, and event ${next} came after it`
      : differenceOf(truth, claimed);
  }

  private async absenceNow(level: LevelRef): Promise<string | undefined> {
    const first = await this.nextOf(level, 0);
    return first !== undefined && first <= this.parts.storeAt ? 'it is not there' : undefined;
  }

  private async truthBy(level: LevelRef, seq: number): Promise<LevelTruth | undefined> {
    const { connection, naming } = this.parts;
    const message = await messageAt(connection, naming.stream('STOCK'), streamSeq(seq));
    if (message?.subject !== naming.levelSubject(level)) return undefined;
    const { event } = storedEvent(message);
    if (event.type !== 'StockChanged') return undefined;
    const { revision, baselineAsOf } = event.data;
    return { ...readLevel(event.data), revision, seq, ...(baselineAsOf ? { baselineAsOf } : {}) };
  }

  private async nextOf(level: LevelRef, after: number): Promise<StreamSeq | undefined> {
    const { connection, naming } = this.parts;
    const subject = naming.levelSubject(level);
    return (await messagesAfter(connection, naming.stream('STOCK'), subject, { after, max: 1 }))[0]?.seq;
  }

  private async levelMovedBy(seq: number): Promise<LevelRef | undefined> {
    const { connection, naming } = this.parts;
    const message = await messageAt(connection, naming.stream('STOCK'), streamSeq(seq));
    const event = message && storedEvent(message).event;
    return event?.type === 'StockChanged'
      ? { itemId: event.data.itemId, warehouseId: event.data.warehouseId }
      : undefined;
  }
}
