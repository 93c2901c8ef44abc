/**
 * A fingerprint of 64 bits over some texts, as two whole numbers: what stands for a key where millions of them
 * must be kept. Two keys out of ten million share one with a chance of one in four hundred thousand.
 */
export class Fingerprint {
  high = 0;
  low = 0;

  of(...texts: readonly string[]): this {
    let a = 0xdeadbeef;
    let b = 0x41c6ce57;
    for (const text of texts) {
      for (let index = 0; index < text.length; index += 1) {
        const code = text.charCodeAt(index);
        a = Math.imul(a ^ code, 2654435761);
        b = Math.imul(b ^ code, 1597334677);
      }
      // Between two texts, so that `ab` and `c` are not `a` and `bc`.
      a = Math.imul(a ^ 0x1_0001, 2654435761);
      b = Math.imul(b ^ 0x1_0001, 1597334677);
    }
    return this.finish(a, b);
  }

  /** Of whole numbers, as far as a double holds them. */
  ofNumbers(numbers: ArrayLike<number>): this {
    let a = 0xdeadbeef;
    let b = 0x41c6ce57;
    for (let index = 0; index < numbers.length; index += 1) {
      const number = numbers[index] ?? 0;
      const [low, high] = [number | 0, Math.floor(number / 2 ** 32) | 0];
      a = Math.imul(a ^ low, 2654435761) ^ Math.imul(high, 2246822507);
      b = Math.imul(b ^ high, 1597334677) ^ Math.imul(low, 3266489909);
      a = (a << 13) | (a >>> 19);
      b = (b << 17) | (b >>> 15);
    }
    return this.finish(a, b);
  }

  private finish(first: number, second: number): this {
    let [a, b] = [first, second];
    a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
    b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
    this.high = a >>> 0;
    this.low = b >>> 0;
    return this;
  }
}

const FIRST_CAPACITY = 1_024;

/** Numbers keys from 0, in the order in which they come; 8 bytes a key, and as many for finding it. */
export class KeyTable {
  private high = new Uint32Array(FIRST_CAPACITY);
  private low = new Uint32Array(FIRST_CAPACITY);
  /** Where to look first is the low half of the fingerprint; holds the number of the key plus one. */
  private slots = new Uint32Array(FIRST_CAPACITY * 2);
  private count = 0;

  get size(): number {
    return this.count;
  }

  get bytes(): number {
    return this.high.byteLength + this.low.byteLength + this.slots.byteLength;
  }

  /** The key's number; -1 when it is not known. */
  find({ high, low }: Fingerprint): number {
    const mask = this.slots.length - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const index = (this.slots[slot] ?? 0) - 1;
      if (index < 0 || (this.high[index] === high && this.low[index] === low)) return index;
    }
  }

  /** Adds a key that is not there. @returns its number */
  add({ high, low }: Fingerprint): number {
    const index = this.count;
    if (index === this.high.length) this.grow();
    this.high[index] = high;
    this.low[index] = low;
    this.count += 1;
    this.place(index);
    return index;
  }

  private place(index: number): void {
    const mask = this.slots.length - 1;
    let slot = (this.low[index] ?? 0) & mask;
    while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    this.slots[slot] = index + 1;
  }

  private grow(): void {
    this.high = grown(this.high);
    this.low = grown(this.low);
    if (this.high.length * GROWN_AT <= this.slots.length) return;
    this.slots = new Uint32Array(this.slots.length * 2);
    for (let index = 0; index < this.count; index += 1) this.place(index);
  }
}

/** Slots for each key, at least. */
const GROWN_AT = 1.5;

/** A column half as large again, with what was in it: as much is moved as stays free. */
export const grown = <Column extends Uint8Array | Uint32Array | Float64Array>(column: Column): Column => {
  const Constructor = column.constructor as new (length: number) => Column;
  const larger = new Constructor(Math.ceil(column.length * 1.5));
  larger.set(column);
  return larger;
};
