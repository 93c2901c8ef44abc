import { decodeEvent, type Naming, type StockEvent, UnreadableEvent } from '@tallystream/contracts';
import { type Invariant, Invariants, type Violation } from '@tallystream/domain';
import type { StreamMessage } from '@tallystream/jetstream';
import { subjectOf } from '../subject-of';
import { quickEvent } from './quick-event';

/** `events`: every one is there, can be read, and lies where it belongs. */
export type LedgerCheck = 'events' | Invariant;

/** Takes in the messages of the stream `STOCK`, from the first one on, and reports all that is broken. */
export class Verification {
  private readonly invariants: Invariants;
  private last = 0;
  private lastOfLevels = 0;
  private read = 0;

  constructor(
    private readonly naming: Naming,
    private readonly report: (violation: Violation<LedgerCheck>) => void,
  ) {
    this.invariants = new Invariants(report);
  }

  /** The sequence up to which it has come. */
  get position(): number {
    return this.last;
  }

  /** The sequence of the last event that moved a level. */
  get levelPosition(): number {
    return this.lastOfLevels;
  }

  get levels(): Invariants['levels'] {
    return this.invariants.levels;
  }

  get checked(): Readonly<Record<LedgerCheck, number>> {
    return { events: this.read, ...this.invariants.checked };
  }

  get documentCount(): number {
    return this.invariants.documentCount;
  }

  get bytes(): number {
    return this.invariants.bytes;
  }

  get isOpen(): boolean {
    return this.invariants.isOpen;
  }

  /** The next message. @returns its event; nothing when it cannot be read, which is reported */
  take(message: StreamMessage): StockEvent | undefined {
    const { seq } = message;
    this.checkSequence(seq);
    this.last = seq;
    this.read += 1;
    const event = this.eventIn(message);
    if (event?.type === 'StockChanged') this.lastOfLevels = seq;
    if (event) this.invariants.take(event, seq);
    return event;
  }

  /** Call when there is nothing more to come. */
  finish(): void {
    this.invariants.finish();
  }

  /** Nobody may take from the ledger, so its sequences have no gaps. */
  private checkSequence(seq: number): void {
    const first = this.last + 1;
    if (seq === first) return;
    const what =
      seq - 1 === first ? `event ${first} is missing` : `events ${first} to ${seq - 1} are missing`;
    this.report({ check: 'events', what, seq });
  }

  private eventIn(message: StreamMessage): StockEvent | undefined {
    const { seq, subject, data } = message;
    const fault = (what: string) => this.report({ check: 'events', what, seq });
    try {
      const ceType = message.header('ce-type') ?? '';
      const event = quickEvent(ceType, data) ?? decodeEvent(ceType, data);
      if (subjectOf(event, this.naming) === subject) return event;
      fault(`it lies under ${subject}, where it does not belong`);
    } catch (error) {
      if (!(error instanceof UnreadableEvent)) throw error;
      fault(`it cannot be read: ${error.message}`);
    }
    return undefined;
  }
}
