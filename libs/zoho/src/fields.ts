import {
  type Instant,
  type ItemId,
  instantFrom,
  instantSchema,
  itemIdSchema,
  MAX_QUANTITY,
  millisOf,
  plainText,
  round6,
  type WarehouseId,
  warehouseIdSchema,
} from '@tallystream/contracts';

/** Zoho's JSON, field by field: tolerant of how a value is written, strict about what it says. */
export type Fields = Readonly<Record<string, unknown>>;

/** A payload that should count and cannot be read: it goes to the dead letters, never becomes a 0. */
export class UnreadableDocument extends Error {
  constructor(
    readonly reason: 'not_json' | 'missing_field' | 'bad_field',
    readonly path: string,
    detail: string,
  ) {
    super(path ? `${path}: ${detail}` : detail);
    this.name = 'UnreadableDocument';
  }
}

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Absent, null, or text with nothing in it. */
export const isBlank = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'string' && value.trim() === '');

/** Text, or nothing for absent, null and blank: Zoho writes `""` and `" "` for "none". */
export const text = (fields: Fields, name: string): string | undefined => {
  const value = fields[name];
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value !== 'string') return undefined;
  const plain = plainText(readable(value));
  return plain === '' ? undefined : plain;
};

/** Without half characters and NUL, which Postgres cannot keep: JSON can spell them, no person wrote them. */
const readable = (value: string): string =>
  /[\0\ud800-\udfff]/.test(value) ? Buffer.from(value).toString('utf8').replaceAll('\0', '\ufffd') : value;

const MAX_LABEL = 200;

/** Text that goes into events with every line: a number, a SKU, a status. Longer than Zoho allows is cut. */
export const label = (fields: Fields, name: string): string | undefined => {
  const value = text(fields, name);
  return value && readable(value.slice(0, MAX_LABEL));
};

export const flag = (fields: Fields, name: string): boolean | undefined => {
  const value = fields[name];
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' ? false : undefined;
};

/** Lower case with underscores: `Partially Paid` and `partially_paid` are one status. */
export const status = (fields: Fields, name = 'status'): string | undefined =>
  label(fields, name)
    ?.toLowerCase()
    .replace(/[\s-]+/g, '_');

/** A list of objects; absent, null and blank are the empty list, a single object is a list of one. */
export const list = (fields: Fields, name: string, path: string): readonly Fields[] => {
  const value = fields[name];
  if (isBlank(value)) return [];
  if (isFields(value)) return [value];
  if (!Array.isArray(value)) throw new UnreadableDocument('bad_field', `${path}.${name}`, 'is not a list');
  return value.map((entry: unknown, index) => {
    if (isFields(entry)) return entry;
    throw new UnreadableDocument('bad_field', `${path}.${name}[${index}]`, 'is not an object');
  });
};

const id = <T>(schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } }) => {
  return (fields: Fields, name: string, path: string): T | undefined => {
    const value = fields[name];
    if (isBlank(value)) return undefined;
    const parsed = schema.safeParse(typeof value === 'number' ? wholeNumber(value) : value);
    if (parsed.success) return parsed.data;
    throw new UnreadableDocument('bad_field', `${path}.${name}`, 'is not an id');
  };
};

const wholeNumber = (value: number): string | undefined =>
  Number.isSafeInteger(value) ? String(value) : undefined;

export const itemId = id<ItemId>(itemIdSchema);
export const warehouseId = id<WarehouseId>(warehouseIdSchema);

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)$/;

/**
 * A quantity, in units of the item, rounded to 6 decimals; nothing when absent, null or `""`.
 * @throws UnreadableDocument when it is there and is no number, or beyond ±10⁹
 */
export const quantity = (fields: Fields, name: string, path: string): number | undefined => {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  const written = typeof value === 'string' ? value.trim() : value;
  if (written === '') return undefined;
  const number = typeof written === 'string' && DECIMAL.test(written) ? Number(written) : written;
  if (typeof number !== 'number' || !Number.isFinite(number) || Math.abs(number) > MAX_QUANTITY) {
    throw new UnreadableDocument('bad_field', `${path}.${name}`, 'is not a quantity');
  }
  return round6(number);
};

/** A quantity that must be there. @throws UnreadableDocument */
export const neededQuantity = (fields: Fields, name: string, path: string): number => {
  const value = quantity(fields, name, path);
  if (value === undefined) throw new UnreadableDocument('missing_field', `${path}.${name}`, 'is missing');
  return value;
};

/** A quantity that a document states as an amount, never as a correction: zero or more. */
export const amount = (fields: Fields, name: string, path: string): number => {
  const value = neededQuantity(fields, name, path);
  if (value < 0) throw new UnreadableDocument('bad_field', `${path}.${name}`, 'is negative');
  return value;
};

/** A cumulative counter; absent means that nothing has happened yet. */
export const counter = (fields: Fields, name: string, path: string): number =>
  isBlank(fields[name]) ? 0 : amount(fields, name, path);

/** A moment, or the span of a day when Zoho wrote only a date. */
export type Moment = Readonly<{ from: Instant; until?: Instant }>;

const TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|[+-]\d{2}:?\d{2})$/;
const HOUR = 3_600_000;

/**
 * A time as Zoho writes it: `2024-11-28T14:52:55+0530` (no colon in the offset), `2015-05-28 00:00:00+00:00`,
 * or a date alone, which is some moment of that day in some zone (UTC−12 to UTC+14).
 * @throws UnreadableDocument when it is there and is no time
 */
export const moment = (fields: Fields, name: string, path: string): Moment | undefined => {
  const written = text(fields, name);
  if (written === undefined) return undefined;
  const [, date, time, zone] = TIME.exec(written) ?? [];
  if (date && time && zone && startOf(date) !== undefined) {
    const millis = Date.parse(`${date}T${time.length === 5 ? `${time}:00` : time}${withColon(zone)}`);
    const from = instantAt(Math.floor(millis / 1000) * 1000);
    if (from) return { from };
  }
  const midnight = startOf(written);
  if (midnight !== undefined) {
    const from = instantAt(midnight - 14 * HOUR);
    const until = instantAt(midnight + 36 * HOUR);
    if (from && until) return { from, until };
  }
  throw new UnreadableDocument('bad_field', `${path}.${name}`, 'is not a time');
};

/** Midnight UTC of a day, e.g. `2024-11-28`; nothing when the calendar has no such day. */
const startOf = (date: string): number | undefined => {
  const midnight = instantSchema.safeParse(`${date}T00:00:00Z`).data;
  return midnight && millisOf(midnight);
};

const EARLIEST = Date.UTC(1900, 0, 1);

/** Nothing when it is none of Zoho's: in the year 10000, which is no instant, or in 0, which Postgres lacks. */
const instantAt = (millis: number): Instant | undefined =>
  Number.isNaN(millis) || millis < EARLIEST ? undefined : instantSchema.safeParse(instantFrom(millis)).data;

const withColon = (zone: string): string =>
  zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone;
