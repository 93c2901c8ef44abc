import {
  instantFrom,
  type LevelRef,
  type LevelTruth,
  millisOf,
  quantityNames,
  readLevel,
  type StockChanged,
} from '@tallystream/contracts';
import { Fingerprint, grown, KeyTable } from './key-table';
import type { Report } from './violation';

/** Once: it is looked at for every event. */
const names = quantityNames;
const COLUMNS = names.length;
const FIRST_CAPACITY = 1_024;

/**
 * Every level as its newest event left it, and the check that each follows from the one before: revisions
 * 1, 2, 3, … and `after(n) = after(n−1) + delta(n)`. A level takes 77 bytes and its key 16, and half as much again
 * while there is room to grow.
 */
export class LevelBook {
  private readonly keys = new KeyTable();
  private readonly key = new Fingerprint();
  private quantities = new Float64Array(FIRST_CAPACITY * COLUMNS);
  private revisions = new Uint32Array(FIRST_CAPACITY);
  private sequences = new Float64Array(FIRST_CAPACITY);
  /** In milliseconds since 1970; NaN without. */
  private baselines = new Float64Array(FIRST_CAPACITY);
  /** NaN when nobody disputes. */
  private disputed = new Float64Array(FIRST_CAPACITY);
  private provisional = new Uint8Array(FIRST_CAPACITY);

  get size(): number {
    return this.keys.size;
  }

  get bytes(): number {
    const columns = [
      this.quantities,
      this.revisions,
      this.sequences,
      this.baselines,
      this.disputed,
      this.provisional,
    ];
    return columns.reduce((sum, { byteLength }) => sum + byteLength, this.keys.bytes);
  }

  /** Checks an event against the level as it stood, and takes it in either way: one fault is told once. */
  take(event: StockChanged, seq: number, report: Report): void {
    const index = this.numberOf(event);
    const before = this.revisions[index] ?? 0;
    if (event.revision !== before + 1) {
      const what = `revision ${event.revision} follows revision ${before}`;
      report({ check: 'levels', what, seq, level: refOf(event) });
    } else this.checkSums(event, index, seq, report);
    this.keep(event, index, seq);
  }

  /** The number of a level, from 0 to `size`; -1 when it never moved. */
  indexOf({ warehouseId, itemId }: LevelRef): number {
    return this.keys.find(this.key.of(warehouseId, itemId));
  }

  at(index: number): LevelTruth {
    const baseline = this.baselines[index] ?? Number.NaN;
    const disputed = this.disputed[index] ?? Number.NaN;
    const first = index * COLUMNS;
    const quantity = (column: number) => this.quantities[first + column] ?? 0;
    return {
      revision: this.revisions[index] ?? 0,
      seq: this.sequenceAt(index),
      quantities: {
        onHand: quantity(0),
        committed: quantity(1),
        physicalOnHand: quantity(2),
        physicalCommitted: quantity(3),
        inTransit: quantity(4),
        reserved: quantity(5),
      },
      provisional: this.provisional[index] === 1,
      ...(Number.isNaN(baseline) ? {} : { baselineAsOf: instantFrom(baseline) }),
      ...(Number.isNaN(disputed) ? {} : { disputed: { zoho: disputed } }),
    };
  }

  /** The newest event of a level. */
  sequenceAt(index: number): number {
    return this.sequences[index] ?? 0;
  }

  private numberOf({ warehouseId, itemId }: LevelRef): number {
    const key = this.key.of(warehouseId, itemId);
    const known = this.keys.find(key);
    if (known >= 0) return known;
    const index = this.keys.add(key);
    if (index === this.revisions.length) this.grow();
    return index;
  }

  private checkSums(event: StockChanged, index: number, seq: number, report: Report): void {
    for (let column = 0; column < COLUMNS; column += 1) {
      const name = names[column] ?? 'onHand';
      const before = this.quantities[index * COLUMNS + column] ?? 0;
      const delta = event.delta[name] ?? 0;
      const after = event.after[name];
      if (millionths(before) + millionths(delta) === millionths(after)) continue;
      const what = `${name} is ${after} after ${before} and a delta of ${delta}, in revision ${event.revision}`;
      report({ check: 'levels', what, seq, level: refOf(event) });
    }
  }

  private keep(event: StockChanged, index: number, seq: number): void {
    const { after, baselineAsOf } = event;
    for (let column = 0; column < COLUMNS; column += 1)
      this.quantities[index * COLUMNS + column] = after[names[column] ?? 'onHand'];
    this.revisions[index] = event.revision;
    this.sequences[index] = seq;
    this.baselines[index] = baselineAsOf ? millisOf(baselineAsOf) : Number.NaN;
    this.disputed[index] = event.disputed ? (readLevel(event).disputed?.zoho ?? Number.NaN) : Number.NaN;
    this.provisional[index] = event.provisional ? 1 : 0;
  }

  private grow(): void {
    this.quantities = grown(this.quantities);
    this.revisions = grown(this.revisions);
    this.sequences = grown(this.sequences);
    this.baselines = grown(this.baselines);
    this.disputed = grown(this.disputed);
    this.provisional = grown(this.provisional);
  }
}

/** Exact, as quantities have 6 decimals at most. */
export const millionths = (value: number): number => Math.round(value * 1_000_000);

const refOf = ({ itemId, warehouseId }: LevelRef): LevelRef => ({ itemId, warehouseId });
