import {
  addDeltas,
  applyDelta,
  type Delta,
  type LevelRef,
  levelKey,
  type Quantities,
  quantityNames,
  zero,
} from '@tallystream/contracts';
import fc from 'fast-check';
import { effectOf, type StockDocument } from '../index';
import { at, documentId, level, observation, openBooks } from './books';

/** A small Zoho: documents with versions in time, and the stock that they make. */
const levels: readonly LevelRef[] = [level('pen'), level('ink'), level('pen', 'south')];
const opening: Quantities = { ...zero, onHand: 100, physicalOnHand: 100 };
const END = 1_000;

type Version = Readonly<{ document: StockDocument; happenedAt: number }>;
type Arrival =
  | Readonly<{ kind: 'version'; version: Version }>
  | Readonly<{ kind: 'observation'; seconds: number }>;

const quantity = fc.integer({ min: 0, max: 40 }).map((quarters) => quarters / 4);
const status = fc.constantFrom('sent', 'paid', 'draft', 'void');
const invoiceLines = fc.array(fc.tuple(fc.constantFrom(...levels), quantity), { maxLength: 3 });

const versionsOf = (name: string): fc.Arbitrary<readonly Version[]> =>
  fc
    .tuple(
      fc.array(fc.tuple(fc.integer({ min: 3, max: 30 }), status, invoiceLines), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.integer({ min: 0, max: 60 }),
      fc.boolean(),
    )
    .map(([steps, createdAt, deletedAtTheEnd]) => {
      let now = createdAt;
      const versions = steps.map(([pause, documentStatus, lines], index): Version => {
        now += index === 0 ? 0 : pause;
        return {
          happenedAt: now,
          document: {
            id: documentId(name),
            status: documentStatus,
            deleted: false,
            createdAt: at(createdAt),
            modifiedAt: at(now),
            type: 'invoice',
            lines: lines.map(([ref, count]) => ({ ...ref, quantity: count })),
          },
        };
      });
      const last = versions.at(-1);
      if (!deletedAtTheEnd || !last) return versions;
      // Zoho's payload of a deletion carries the document as it last was, with its old time.
      return [...versions, { happenedAt: now + 5, document: { ...last.document, deleted: true } }];
    });

const world = fc
  .tuple(
    fc.tuple(versionsOf('a'), versionsOf('b'), versionsOf('c')),
    fc.uniqueArray(fc.integer({ min: 0, max: 150 }), { maxLength: 3 }),
  )
  .chain(([documents, observedAt]) => {
    const arrivals: readonly Arrival[] = [
      ...documents.flat().map((version) => ({ kind: 'version' as const, version })),
      ...observedAt.map((seconds) => ({ kind: 'observation' as const, seconds })),
    ];
    const duplicates = fc.subarray(arrivals.filter(({ kind }) => kind === 'version'));
    return duplicates
      .chain((again) =>
        fc.shuffledSubarray([...arrivals, ...again], { minLength: arrivals.length + again.length }),
      )
      .map((order) => ({ documents, order }));
  });

const truthAt = (documents: readonly (readonly Version[])[], seconds: number, ref: LevelRef): Quantities => {
  const total = documents.reduce<Delta>((sum, versions) => {
    const current = versions.filter(({ happenedAt }) => happenedAt <= seconds).at(-1);
    const effect = current ? effectOf(current.document) : [];
    const own = effect.find((one) => levelKey(one) === levelKey(ref))?.delta ?? {};
    return addDeltas(sum, own);
  }, {});
  return applyDelta(opening, total);
};

/** What arrived, in order, as far as it touches a level: for whoever reads a counterexample. */
const storyOf = (order: readonly Arrival[], ref: LevelRef): readonly string[] =>
  order.map((arrival) => {
    if (arrival.kind === 'observation') return `observation at ${arrival.seconds}`;
    const { document, happenedAt } = arrival.version;
    const own = document.lines
      .filter((line) => levelKey(line) === levelKey(ref))
      .map((line) => line.quantity);
    const kind = document.deleted ? 'deleted' : document.status;
    return `${document.id} at ${happenedAt} ${kind}: ${own.join(' + ') || '-'}`;
  });

const runs = { numRuns: 10_000 };

describe('whatever order webhooks and observations arrive in', () => {
  it('without observations, the level is what the newest versions make of it', () => {
    fc.assert(
      fc.property(world, ({ documents, order }) => {
        const books = openBooks();
        for (const arrival of order) if (arrival.kind === 'version') books.apply(arrival.version.document);
        for (const ref of levels) {
          expect(applyDelta(opening, books.quantities(ref))).toEqual(truthAt(documents, END, ref));
        }
      }),
      runs,
    );
  });

  it('with observations, every level is right, or an observation has been asked for', () => {
    fc.assert(
      fc.property(world, ({ documents, order }) => {
        const books = openBooks();
        const inDoubt = new Set<string>();
        const look = (seconds: number, ref: LevelRef) => {
          const { reserved: _ours, ...seen } = truthAt(documents, seconds, ref);
          return books.observe(observation(ref, at(seconds), seen));
        };
        for (const arrival of order) {
          if (arrival.kind === 'version') {
            for (const itemId of books.apply(arrival.version.document).observe) inDoubt.add(itemId);
          } else {
            for (const ref of levels) if (look(arrival.seconds, ref).lookAgain) inDoubt.add(ref.itemId);
          }
        }
        for (const ref of levels) if (inDoubt.has(ref.itemId)) look(END, ref);

        for (const ref of levels) {
          const { provisional, quantities } = books.level(ref);
          const shown = provisional ? applyDelta(opening, quantities) : quantities;
          const story = storyOf(order, ref);
          expect({ story, ...shown }).toEqual({ story, ...truthAt(documents, END, ref) });
        }
      }),
      runs,
    );
  });

  it('revisions have no gap, and each balance is the one before plus the delta', () => {
    fc.assert(
      fc.property(world, ({ documents, order }) => {
        const books = openBooks();
        for (const arrival of order) {
          if (arrival.kind === 'version') books.apply(arrival.version.document);
          else {
            for (const ref of levels) {
              const { reserved: _ours, ...seen } = truthAt(documents, arrival.seconds, ref);
              books.observe(observation(ref, at(arrival.seconds), seen));
            }
          }
        }
        for (const ref of levels) {
          let revision = 0;
          let balance = zero;
          for (const event of books.history()) {
            if (event.type !== 'StockChanged' || levelKey(event.data) !== levelKey(ref)) continue;
            revision += 1;
            balance = applyDelta(balance, event.data.delta);
            expect(event.data.revision).toBe(revision);
            expect(event.data.after).toEqual(balance);
            expect(quantityNames.every((name) => Number.isFinite(balance[name]))).toBe(true);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
