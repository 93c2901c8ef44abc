import {
  type AppliedLine,
  addDeltas,
  type Delta,
  type DocumentApplied,
  isNoChange,
  type LevelRef,
  millisOf,
  quantityNames,
  type StockChanged,
} from '@tallystream/contracts';
import { Fingerprint, grown, KeyTable } from './key-table';
import { millionths } from './level-book';
import { Promises } from './promises';
import type { Report } from './violation';

const FIRST_CAPACITY = 1_024;
/** Once: it is looked at for every line. */
const names = quantityNames;

/**
 * The newest version of every document, and the checks that versions rise, that each delta is what its effect
 * differs by from the effect before, and that levels moved by exactly these deltas. So the sum of a document's
 * deltas is its last effect, less what was absorbed, without ever being summed up.
 *
 * A document takes 21 bytes and each of its lines 8, and their keys 16 each. Effects are kept as fingerprints: what
 * the one before was is told by the new one and its delta.
 */
export class DocumentBook {
  private readonly keys = new KeyTable();
  private readonly key = new Fingerprint();
  private versions = new Float64Array(FIRST_CAPACITY);
  private hashes = new Uint32Array(FIRST_CAPACITY);
  private deleted = new Uint8Array(FIRST_CAPACITY);
  /** Lines that had an effect in the newest version: the next one must name them. */
  private effective = new Uint32Array(FIRST_CAPACITY);

  private readonly lineKeys = new KeyTable();
  private lineHigh = new Uint32Array(FIRST_CAPACITY);
  private lineLow = new Uint32Array(FIRST_CAPACITY);
  private readonly effect = new Fingerprint();
  private readonly numbers = new Float64Array(names.length);

  private readonly promises = new Promises();

  get size(): number {
    return this.keys.size;
  }

  get bytes(): number {
    const columns = [this.versions, this.hashes, this.deleted, this.effective, this.lineHigh, this.lineLow];
    return columns.reduce((sum, { byteLength }) => sum + byteLength, this.keys.bytes + this.lineKeys.bytes);
  }

  take(record: DocumentApplied, seq: number, report: Report): void {
    const { type, id } = record.document;
    const key = this.key.of(type, id);
    const known = this.keys.find(key);
    const index = known >= 0 ? known : this.add(key);
    if (known >= 0) this.checkVersion(record, index, seq, report);
    const remembered = this.takeLines(record, seq, report);
    if (remembered < (this.effective[index] ?? 0)) {
      const what = `version ${record.document.version} does not name every level that the one before had an effect on`;
      report({ check: 'effects', what, seq, document: nameOf(record) });
    }
    if (type === 'transfer_order') checkTransfer(record, seq, report);
    this.keep(record, index);
    this.promises.make(record, seq, report);
  }

  /** A level moved because of a document. */
  moved(event: StockChanged, seq: number, report: Report): void {
    if (event.document) this.promises.redeem(event, event.document, seq, report);
  }

  /** Whether documents wait for movements, as they do in the middle of a commit. */
  get isOpen(): boolean {
    return this.promises.isOpen;
  }

  /** Reports what was promised and never came. */
  finish(report: Report): void {
    this.promises.finish(report);
  }

  private add(key: Fingerprint): number {
    const index = this.keys.add(key);
    if (index < this.versions.length) return index;
    this.versions = grown(this.versions);
    this.hashes = grown(this.hashes);
    this.deleted = grown(this.deleted);
    this.effective = grown(this.effective);
    return index;
  }

  /** Within one of Zoho's seconds, versions are told apart by their effect; a deletion may carry the time before. */
  private checkVersion(record: DocumentApplied, index: number, seq: number, report: Report): void {
    const version = millisOf(record.document.version);
    const before = this.versions[index] ?? 0;
    const fault = (what: string) => report({ check: 'documents', what, seq, document: nameOf(record) });
    if (this.deleted[index] === 1) fault(`version ${record.document.version} follows its deletion`);
    else if (version < before) fault(`version ${record.document.version} follows a later one`);
    else if (version === before && !record.deleted && this.hashes[index] === hashOf(record))
      fault(`version ${record.document.version} was applied before`);
  }

  /** @returns how many of its lines had an effect in the version before */
  private takeLines({ document, lines }: DocumentApplied, seq: number, report: Report): number {
    let remembered = 0;
    for (const line of lines) {
      const key = this.key.of(document.type, document.id, line.warehouseId, line.itemId);
      const known = this.lineKeys.find(key);
      const index = known >= 0 ? known : this.addLine(key);
      const [high, low] = [this.lineHigh[index] ?? 0, this.lineLow[index] ?? 0];
      if (high !== 0 || low !== 0) remembered += 1;
      const problem = this.problemOf(line, high, low);
      if (problem !== undefined) {
        const what = `version ${document.version}: ${problem}`;
        report({
          check: 'effects',
          what,
          seq,
          document: `${document.type}:${document.id}`,
          level: refOf(line),
        });
      }
      this.fingerprint(line.effect, noDelta);
      this.lineHigh[index] = this.effect.high;
      this.lineLow[index] = this.effect.low;
    }
    return remembered;
  }

  /** What is wrong with a line's delta, by the fingerprint of the effect before. */
  private problemOf(
    { effect, delta, treatment }: AppliedLine,
    high: number,
    low: number,
  ): string | undefined {
    if (treatment !== 'delta')
      return isNoChange(delta) ? undefined : `${treatment}, and yet a delta of ${inWords(delta)}`;
    this.fingerprint(effect, delta);
    if (this.effect.high === high && this.effect.low === low) return undefined;
    return `the effect ${inWords(effect)} less the delta ${inWords(delta)} is not the effect before`;
  }

  /** Of an effect less a delta, of which nothing is nothing: 0. */
  private fingerprint(effect: Delta, delta: Delta): void {
    let isNothing = true;
    for (let column = 0; column < names.length; column += 1) {
      const name = names[column] ?? 'onHand';
      const number = millionths(effect[name] ?? 0) - millionths(delta[name] ?? 0);
      this.numbers[column] = number;
      if (number !== 0) isNothing = false;
    }
    this.effect.ofNumbers(this.numbers);
    if (isNothing) Object.assign(this.effect, nothing);
  }

  private addLine(key: Fingerprint): number {
    const index = this.lineKeys.add(key);
    if (index < this.lineHigh.length) return index;
    this.lineHigh = grown(this.lineHigh);
    this.lineLow = grown(this.lineLow);
    return index;
  }

  private keep(record: DocumentApplied, index: number): void {
    this.versions[index] = millisOf(record.document.version);
    this.hashes[index] = hashOf(record);
    this.deleted[index] = record.deleted ? 1 : 0;
    this.effective[index] = record.lines.filter(({ effect }) => !isNoChange(effect)).length;
  }
}

const nothing = { high: 0, low: 0 };
const noDelta: Delta = {};

/** A transfer moves, never creates: what left the source is on its way, or has arrived. */
const checkTransfer = (record: DocumentApplied, seq: number, report: Report): void => {
  const items = new Map<string, Delta>();
  for (const { itemId, effect } of record.lines)
    items.set(itemId, addDeltas(items.get(itemId) ?? {}, effect));
  for (const [itemId, { onHand = 0, physicalOnHand = 0, inTransit = 0 }] of items) {
    const [books, shelves] = [onHand, physicalOnHand].map((side) => millionths(side) + millionths(inTransit));
    if (books === 0 && shelves === 0) continue;
    const what = `of item ${itemId} it makes ${onHand} onHand, ${physicalOnHand} physicalOnHand and ${inTransit} inTransit`;
    report({ check: 'transfers', what, seq, document: nameOf(record) });
  }
};

const hashOf = ({ effectHash }: DocumentApplied): number => Number.parseInt(effectHash.slice(0, 8), 16) >>> 0;

const nameOf = ({ document }: DocumentApplied): string => `${document.type}:${document.id}`;

const refOf = ({ itemId, warehouseId }: LevelRef): LevelRef => ({ itemId, warehouseId });

const inWords = (delta: Delta): string => JSON.stringify(delta);
