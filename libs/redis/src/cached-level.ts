import {
  forSale,
  type Instant,
  instantSchema,
  quantityNames,
  type ReadLevel,
  readLevel,
  type StockChanged,
  type StreamSeq,
  streamSeq,
} from '@tallystream/contracts';

/** A stock level as the cache knows it. */
export type CachedLevel = ReadLevel & Readonly<{ revision: number; seq: StreamSeq; asOf?: Instant }>;

export type LevelEvent = Readonly<{ data: StockChanged; seq: StreamSeq }>;

/** One level in the forms in which it lies in Redis. */
export type StoredForms = Readonly<{
  /** Of the hash that other programs read: name, value, … */
  fields: readonly (string | number)[];
  /** The same for ourselves: many are read in one MGET, which costs far less than many hashes (ADR 0011). */
  packed: string;
  /** What can be sold; empty when nobody knows. */
  stock: string;
}>;

export const storedForms = ({ data, seq }: LevelEvent): StoredForms => {
  const level = readLevel(data);
  const { quantities, provisional, disputed } = level;
  const { revision, baselineAsOf } = data;
  const packed: Packed = [
    quantities.onHand,
    quantities.committed,
    quantities.physicalOnHand,
    quantities.physicalCommitted,
    quantities.inTransit,
    quantities.reserved,
    revision,
    seq,
    provisional ? 1 : 0,
    disputed?.zoho ?? null,
    baselineAsOf ?? null,
  ];
  return {
    fields: [
      ...quantityNames.flatMap((name) => [name, quantities[name]]),
      ...['revision', revision, 'seq', seq, 'provisional', provisional ? 1 : 0],
      ...(disputed ? ['disputed', disputed.zoho] : []),
      ...(baselineAsOf ? ['asOf', baselineAsOf] : []),
    ],
    packed: JSON.stringify(packed),
    stock: String(forSale(level) ?? ''),
  };
};

type Packed = readonly [
  ...quantities: readonly [number, number, number, number, number, number],
  revision: number,
  seq: StreamSeq,
  provisional: 0 | 1,
  disputed: number | null,
  asOf: Instant | null,
];

/** What cannot be read is as good as absent. */
export const levelFromPacked = (text: string): CachedLevel | undefined => {
  const packed = parsed(text);
  if (!isPacked(packed)) return undefined;
  const [onHand, committed, physicalOnHand, physicalCommitted, inTransit, reserved, ...rest] = packed;
  const [revision, seq, provisional, disputed, asOf] = rest;
  return {
    quantities: { onHand, committed, physicalOnHand, physicalCommitted, inTransit, reserved },
    revision,
    seq,
    provisional: provisional === 1,
    ...(disputed === null ? {} : { disputed: { zoho: disputed } }),
    ...(asOf === null ? {} : { asOf }),
  };
};

const isPacked = (value: unknown): value is Packed =>
  Array.isArray(value) &&
  value.length === 11 &&
  value.every((part, place) => (place < 9 ? Number.isFinite(part) : part === null || isSaid(part, place)));

const isSaid = (part: unknown, place: number): boolean =>
  place === 9 ? Number.isFinite(part) : typeof part === 'string';

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** From the hash that other programs read; one that is not whole is as good as absent. */
export const levelFromHash = (hash: Readonly<Record<string, string>>): CachedLevel | undefined => {
  const number = (name: string) => (hash[name] === undefined ? Number.NaN : Number(hash[name]));
  const needed = [...quantityNames, 'revision', 'seq', 'provisional'];
  const numbers = [...needed, ...(hash.disputed === undefined ? [] : ['disputed'])].map(number);
  if (numbers.some(Number.isNaN)) return undefined;
  const asOf = instantSchema.safeParse(hash.asOf);
  return {
    quantities: {
      onHand: number('onHand'),
      committed: number('committed'),
      physicalOnHand: number('physicalOnHand'),
      physicalCommitted: number('physicalCommitted'),
      inTransit: number('inTransit'),
      reserved: number('reserved'),
    },
    revision: number('revision'),
    seq: streamSeq(number('seq')),
    provisional: hash.provisional === '1',
    ...(hash.disputed === undefined ? {} : { disputed: { zoho: number('disputed') } }),
    ...(asOf.success ? { asOf: asOf.data } : {}),
  };
};
