import {
  type AppliedLine,
  addDeltas,
  type Delta,
  type DocumentApplied,
  type DocumentRef,
  difference,
  isNoChange,
  type LevelRef,
  levelKey,
  quantityNames,
  type StockChanged,
} from '@tallystream/contracts';
import type { Report } from './violation';

/** What records say that levels moved by, less what they did: of one document version and one level. */
type Open = Readonly<{ document: string; level: LevelRef; delta: Delta; seq: number }>;

/** More than that many at a time are no commit in the middle: the first ones are told, and forgotten. */
const MOST_OPEN = 2_000;

/**
 * Holds the record of a document against the movements that it names. They follow it in one commit, in its order;
 * whatever order they come in, in the end nothing may be left.
 */
export class Promises {
  /** The newest record, and which of its lines comes next. */
  private current:
    | Readonly<{ document: DocumentRef; lines: readonly AppliedLine[]; seq: number }>
    | undefined;
  private next = 0;
  private readonly open = new Map<string, Open>();

  get isOpen(): boolean {
    return this.current !== undefined || this.open.size > 0;
  }

  make({ document, lines }: DocumentApplied, seq: number, report: Report): void {
    this.putAside(report);
    const moving = lines.filter(({ delta }) => !isNoChange(delta));
    this.current = moving.length === 0 ? undefined : { document, lines: moving, seq };
    this.next = 0;
  }

  redeem(event: StockChanged, document: DocumentRef, seq: number, report: Report): void {
    const line = this.current?.lines[this.next];
    if (this.current && line && isOf(event, line, document, this.current.document)) {
      this.next += 1;
      if (this.next === this.current.lines.length) this.current = undefined;
    } else this.add(document, event, difference({}, event.delta), seq, report);
  }

  finish(report: Report): void {
    this.putAside(report);
    for (const open of this.open.values()) tell(open, report);
    this.open.clear();
  }

  private putAside(report: Report): void {
    const { current } = this;
    this.current = undefined;
    for (const line of current?.lines.slice(this.next) ?? [])
      if (current) this.add(current.document, line, line.delta, current.seq, report);
  }

  private add(document: DocumentRef, level: LevelRef, delta: Delta, seq: number, report: Report): void {
    const name = `${document.type}:${document.id}`;
    const key = `${name} ${document.version} ${levelKey(level)}`;
    const sum = addDeltas(this.open.get(key)?.delta ?? {}, delta);
    this.open.delete(key);
    if (isNoChange(sum)) return;
    const { itemId, warehouseId } = level;
    this.open.set(key, { document: name, level: { itemId, warehouseId }, delta: sum, seq });
    if (this.open.size <= MOST_OPEN) return;
    const [first] = this.open;
    if (!first) return;
    this.open.delete(first[0]);
    tell(first[1], report);
  }
}

const isOf = (
  event: StockChanged,
  line: AppliedLine,
  document: DocumentRef,
  promised: DocumentRef,
): boolean =>
  event.itemId === line.itemId &&
  event.warehouseId === line.warehouseId &&
  document.id === promised.id &&
  document.type === promised.type &&
  document.version === promised.version &&
  quantityNames.every((name) => (event.delta[name] ?? 0) === (line.delta[name] ?? 0));

const tell = ({ document, level, delta, seq }: Open, report: Report): void =>
  report({
    check: 'effects',
    what: `the record and the level differ by ${JSON.stringify(delta)}`,
    seq,
    document,
    level,
  });
