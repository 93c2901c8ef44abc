import type { StockEvent } from '@tallystream/contracts';
import { DocumentBook } from './document-book';
import { LevelBook } from './level-book';
import type { Invariant, Report } from './violation';

/**
 * Folds the events of a ledger, from the first one on, and reports every invariant that does not hold: a function
 * of the events alone. Memory grows with levels, documents and their lines, not with events.
 */
export class Invariants {
  readonly levels = new LevelBook();
  private readonly documents = new DocumentBook();
  private readonly counts: Record<Invariant, number> = { levels: 0, documents: 0, effects: 0, transfers: 0 };

  constructor(private readonly report: Report) {}

  /** How many things each invariant was checked on: events of levels, versions, lines, transfers. */
  get checked(): Readonly<Record<Invariant, number>> {
    return { ...this.counts };
  }

  get documentCount(): number {
    return this.documents.size;
  }

  /** Of all that is remembered. */
  get bytes(): number {
    return this.levels.bytes + this.documents.bytes;
  }

  /** In the middle of a commit: whoever ends here misses the rest of it. */
  get isOpen(): boolean {
    return this.documents.isOpen;
  }

  take(event: StockEvent, seq: number): void {
    if (event.type === 'StockChanged') {
      this.counts.levels += 1;
      this.levels.take(event.data, seq, this.report);
      this.documents.moved(event.data, seq, this.report);
    }
    if (event.type === 'DocumentApplied') {
      this.counts.documents += 1;
      this.counts.effects += event.data.lines.length;
      if (event.data.document.type === 'transfer_order') this.counts.transfers += 1;
      this.documents.take(event.data, seq, this.report);
    }
  }

  /** Call when there is nothing more to come. */
  finish(): void {
    this.documents.finish(this.report);
  }
}
