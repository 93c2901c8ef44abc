import {
  type Delta,
  type DocumentType,
  documentTypes,
  type LevelRef,
  levelKey,
  type Quantities,
  type QuantityName,
  quantityNames,
  zero,
} from '@tallystream/contracts';
import fc from 'fast-check';
import { effectOf, type StockDocument } from '../index';
import { at, documentId } from './books';
import { type SampleLine, sampleLevels, samples } from './samples';

/** A small Zoho: documents of all types with versions in time, and the stock that they make. */
export type Version = Readonly<{
  document: StockDocument;
  happenedAt: number;
  /** By level key. */
  effect: ReadonlyMap<string, Delta>;
}>;
export type Arrival =
  | Readonly<{ kind: 'version'; version: Version }>
  | Readonly<{ kind: 'observation'; seconds: number; levels: readonly LevelRef[] }>;
export type Story = Readonly<{
  documents: readonly (readonly Version[])[];
  /** Webhooks, some of them twice, and observations, in any order. */
  arrivals: readonly Arrival[];
}>;
type Keyed<T> = Readonly<{ arrival: T; key: number }>;

const opening: Quantities = { ...zero, onHand: 100, physicalOnHand: 100 };
const KEYS = 1_000;

const key = fc.nat(KEYS);
const quarters = fc.nat(40).map((count) => count / 4);
const lineOf = fc
  .tuple(fc.constantFrom(...sampleLevels), quarters, quarters, quarters)
  .map(([ref, quantity, first, second]): SampleLine => ({ ...ref, quantity, first, second }));
const step = fc.tuple(
  fc.integer({ min: 3, max: 30 }),
  fc.nat(99),
  fc.array(lineOf, { maxLength: 3 }),
  key,
  // Half of them come twice.
  fc.option(key, { freq: 1 }),
);

/** In most versions a document counts: that is where things go wrong. */
const statusOf = (type: DocumentType, choice: number): string => {
  const { counts, countsNot } = samples[type];
  const from = choice < 60 ? counts : choice < 80 ? countsNot : ['void'];
  return from[choice % from.length] ?? 'void';
};

const documentStory = (
  name: string,
  isVague: boolean,
): fc.Arbitrary<readonly (readonly [Version, readonly number[]])[]> =>
  fc
    .tuple(
      fc.constantFrom(...documentTypes),
      fc.array(step, { minLength: 1, maxLength: 4 }),
      fc.nat(60),
      fc.boolean(),
      // Zoho's payload of a deletion has the document's old time, or none: then it has that of its arrival.
      fc.option(fc.tuple(key, fc.boolean()), { freq: 1 }),
    )
    .map(([type, steps, createdAt, saysWhenCreated, deletion]) => {
      let now = createdAt;
      const told = steps.map(([pause, choice, lines, ...keys], index) => {
        now += index === 0 ? 0 : pause;
        const document: StockDocument = {
          id: documentId(name),
          status: statusOf(type, choice),
          deleted: false,
          ...(saysWhenCreated ? { createdAt: at(isVague ? dayOf(createdAt) : createdAt) } : {}),
          ...(isVague
            ? { modifiedAt: at(dayOf(now)), modifiedUntil: at(dayOf(now) + DAY) }
            : { modifiedAt: at(now) }),
          ...samples[type].content(lines),
        };
        return [versionOf(document, now), keys.filter((one) => one !== null)] as const;
      });
      const last = told.at(-1)?.[0];
      if (!deletion || !last) return told;
      const [arrivesAt, hasOwnTime] = deletion;
      const ownTime = hasOwnTime ? { modifiedAt: at(now + 9) } : {};
      const deleted = { ...last.document, ...ownTime, deleted: true };
      return [...told, [versionOf(deleted, now + 5), [arrivesAt]] as const];
    });

/** A day of this Zoho, as long as a few changes take: for versions that say the day only. */
const DAY = 40;
const dayOf = (seconds: number): number => Math.floor(seconds / DAY) * DAY;

const observations = fc.uniqueArray(fc.tuple(fc.nat(150), key, fc.integer({ min: 1, max: 15 })), {
  maxLength: 3,
  selector: ([seconds]) => seconds,
});

/** @param isVague versions say the day of their change only, and cannot be told apart within it */
export const stories = ({ isVague }: Readonly<{ isVague: boolean }>): fc.Arbitrary<Story> =>
  fc
    .tuple(
      documentStory('a', isVague),
      documentStory('b', isVague),
      documentStory('c', isVague),
      observations,
    )
    .map(([a, b, c, seen]) => {
      const told = [a, b, c];
      const webhooks = told
        .flat()
        .flatMap(([version, keys]) =>
          keys.map((one): Keyed<Arrival> => ({ arrival: { kind: 'version', version }, key: one })),
        );
      const looks = seen.map(([seconds, one, mask]): Keyed<Arrival> => {
        const levels = sampleLevels.filter((_level, index) => mask & (1 << index));
        return { arrival: { kind: 'observation', seconds, levels }, key: one };
      });
      return {
        documents: told.map((versions) => versions.map(([version]) => version)),
        arrivals: [...webhooks, ...looks].sort((x, y) => x.key - y.key).map(({ arrival }) => arrival),
      };
    });

/** What Zoho has of a level at a moment. Quarters add up exactly, without the arithmetic that is under test. */
export const truthAt = ({ documents }: Story, seconds: number, ref: LevelRef): Quantities => {
  const total = { ...opening };
  for (const versions of documents) {
    const current = versions.findLast(({ happenedAt }) => happenedAt <= seconds);
    if (current) add(total, current.effect.get(levelKey(ref)));
  }
  return total;
};

/** A level as it is read: what was never observed counts from the opening. */
export const readFrom = (quantities: Quantities, provisional: boolean): Quantities => {
  if (!provisional) return quantities;
  const read = { ...opening };
  add(read, quantities);
  return read;
};

const add = (total: Record<QuantityName, number>, delta: Delta = {}): void => {
  for (const name of quantityNames) total[name] += delta[name] ?? 0;
};

const versionOf = (document: StockDocument, happenedAt: number): Version => ({
  document,
  happenedAt,
  effect: new Map(effectOf(document).map((one) => [levelKey(one), one.delta])),
});

/** What arrived, in order, as far as it touches a level: for whoever reads a counterexample. */
export const tell = ({ arrivals }: Story, ref: LevelRef): readonly string[] =>
  arrivals.flatMap((arrival) => {
    if (arrival.kind === 'observation') {
      const isSeen = arrival.levels.some((one) => levelKey(one) === levelKey(ref));
      return isSeen ? [`observation at ${arrival.seconds}`] : [];
    }
    const { document, happenedAt, effect } = arrival.version;
    const own = effect.get(levelKey(ref)) ?? {};
    const kind = `${document.type} ${document.deleted ? 'deleted' : document.status}`;
    return [`${document.id} at ${happenedAt} ${kind}: ${JSON.stringify(own)}`];
  });
