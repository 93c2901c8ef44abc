import {
  type LevelRef,
  levelKey,
  type Quantities,
  quantityNames,
  type StockChanged,
  type StockEvent,
  zero,
} from '@tallystream/contracts';
import fc from 'fast-check';
import { at, observation, openBooks } from './books';
import { sampleLevels } from './samples';
import { seed } from './seed';
import { readFrom, type Story, stories, tell, truthAt } from './story';

const END = 1_000;
const runs = { numRuns: 10_000, seed };

/** Not `expect`, which would take most of the time of ten thousand runs. */
const same = (a: Quantities, b: Quantities): boolean => quantityNames.every((name) => a[name] === b[name]);

const mustBe = (story: Story, ref: LevelRef, found: Quantities, right: Quantities): void => {
  if (same(found, right)) return;
  expect({ level: levelKey(ref), story: tell(story, ref), ...found }).toEqual(right);
};

const observe = (books: ReturnType<typeof openBooks>, story: Story, seconds: number, ref: LevelRef) => {
  const { reserved: _ours, ...seen } = truthAt(story, seconds, ref);
  return books.observe(observation(ref, at(seconds), seen));
};

/** Everything arrives; what the rules ask to be looked at is looked at in the end. */
const playedWithObservations = (story: Story) => {
  const books = openBooks();
  const inDoubt = new Set<string>();
  for (const arrival of story.arrivals) {
    if (arrival.kind === 'version') {
      for (const itemId of books.apply(arrival.version.document).observe) inDoubt.add(itemId);
      continue;
    }
    for (const ref of arrival.levels) {
      if (observe(books, story, arrival.seconds, ref).lookAgain) inDoubt.add(ref.itemId);
    }
  }
  for (const ref of sampleLevels) if (inDoubt.has(ref.itemId)) observe(books, story, END, ref);
  return books;
};

/** Revisions have no gap, and each balance is the one before plus the delta. */
const mustAddUp = (history: readonly StockEvent[]): void => {
  const newest = new Map<string, StockChanged>();
  for (const event of history) {
    if (event.type !== 'StockChanged') continue;
    const key = levelKey(event.data);
    const { revision, delta, after } = event.data;
    const before = newest.get(key) ?? { revision: 0, after: zero };
    newest.set(key, event.data);
    const isNext = revision === before.revision + 1;
    const addsUp = quantityNames.every((name) => after[name] === before.after[name] + (delta[name] ?? 0));
    if (!isNext || !addsUp) expect({ revision, before, delta, after }).toBe('the next revision, adding up');
  }
};

const mustBeRight = (story: Story): void => {
  const books = playedWithObservations(story);
  mustAddUp(books.history());
  for (const ref of sampleLevels) {
    const { provisional, quantities } = books.level(ref);
    mustBe(story, ref, readFrom(quantities, provisional), truthAt(story, END, ref));
  }
};

describe(`whatever order webhooks and observations arrive in (seed ${seed})`, () => {
  it('without observations, the level is what the newest versions make of it', () => {
    fc.assert(
      fc.property(stories({ isVague: false }), (story) => {
        const books = openBooks();
        for (const arrival of story.arrivals) {
          if (arrival.kind === 'version') books.apply(arrival.version.document);
        }
        mustAddUp(books.history());
        for (const ref of sampleLevels) {
          mustBe(story, ref, readFrom(books.quantities(ref), true), truthAt(story, END, ref));
        }
      }),
      runs,
    );
  });

  it('with observations, every level is right, or an observation has been asked for', () => {
    fc.assert(fc.property(stories({ isVague: false }), mustBeRight), runs);
  });

  it('so it is when documents say the day of their change only', () => {
    fc.assert(fc.property(stories({ isVague: true }), mustBeRight), { ...runs, numRuns: 3_000 });
  });
});
