import * as fc from 'fast-check';
import { pageOf } from './change-ring';
import { changeAt } from './spec/changes';
import { moved, noSubscriptions, subscribed, type Topic, unsubscribed } from './subscriptions';

const levels = ['a@main', 'a@shop', 'b@main', 'b@shop', 'c@main', 'c@shop'] as const;
const levelsOf = (topic: Topic) =>
  levels.filter((level) => {
    const [item, warehouse] = level.split('@');
    return topic === 'inventory' || topic === `product:${item}` || topic === `warehouse:${warehouse}`;
  });

type Step = Readonly<
  | { kind: 'change'; level: (typeof levels)[number] }
  | { kind: 'give'; max: number }
  | { kind: 'subscribe'; topics: readonly Topic[]; back: number }
  | { kind: 'unsubscribe'; topics: readonly Topic[] }
>;

const steps = (topics: readonly Topic[]): fc.Arbitrary<readonly Step[]> => {
  const some = fc.uniqueArray(fc.constantFrom(...topics), { minLength: 1, maxLength: 3 });
  const change = fc.record({ kind: fc.constant('change' as const), level: fc.constantFrom(...levels) });
  const give = fc.record({ kind: fc.constant('give' as const), max: fc.integer({ min: 1, max: 4 }) });
  const subscribe = fc.record({
    kind: fc.constant('subscribe' as const),
    topics: some,
    back: fc.integer({ min: 0, max: 12 }),
  });
  const unsubscribe = fc.record({ kind: fc.constant('unsubscribe' as const), topics: some });
  return fc.array(
    fc.oneof(
      { arbitrary: change, weight: 6 },
      { arbitrary: give, weight: 4 },
      { arbitrary: subscribe, weight: 2 },
      { arbitrary: unsubscribe, weight: 1 },
    ),
    { maxLength: 60 },
  );
};

/** Plays a client's life. @returns per topic what came since it was last subscribed to, and what should have */
const play = (life: readonly Step[]) => {
  const stream: ReturnType<typeof changeAt>[] = [];
  const given: Readonly<{ seq: number; level: string }>[] = [];
  const begun = new Map<Topic, Readonly<{ since: number; givenBefore: number }>>();
  let current = noSubscriptions;
  const give = (max: number): boolean => {
    if (current.topics.size === 0) return true;
    const page = pageOf(stream, current.position, current.wants, max);
    for (const { seq, itemId, warehouseId } of page.changes)
      given.push({ seq, level: `${itemId}@${warehouseId}` });
    current = moved(current, page.nextSeq);
    return page.isEnd;
  };
  for (const step of life) {
    if (step.kind === 'change') stream.push(changeAt(stream.length + 1, step.level));
    if (step.kind === 'give') give(step.max);
    if (step.kind === 'subscribe') {
      const since = Math.max(0, stream.length - step.back);
      current = subscribed(current, step.topics, since);
      for (const topic of step.topics) begun.set(topic, { since, givenBefore: given.length });
    }
    if (step.kind === 'unsubscribe') {
      current = unsubscribed(current, step.topics);
      for (const topic of step.topics) begun.delete(topic);
    }
  }
  while (!give(7));
  return [...begun].map(([topic, { since, givenBefore }]) => {
    const isOfTopic = (level: string) => levelsOf(topic).some((one) => one === level);
    return {
      topic,
      came: given
        .slice(givenBefore)
        .filter(({ level }) => isOfTopic(level))
        .map(({ seq }) => seq),
      due: stream
        .filter(({ seq, itemId, warehouseId }) => seq > since && isOfTopic(`${itemId}@${warehouseId}`))
        .map(({ seq }) => Number(seq)),
    };
  });
};

describe('what comes of subscriptions, whenever each begins and wherever', () => {
  it('that have nothing in common: each has all of its changes, once, in order', () => {
    fc.assert(
      fc.property(steps(['product:a', 'product:b', 'product:c']), (life) => {
        for (const { came, due } of play(life)) expect(came).toEqual(due);
      }),
      { numRuns: 500 },
    );
  });

  it('that overlap: each has all of its changes, in order', () => {
    fc.assert(
      fc.property(steps(['inventory', 'product:a', 'warehouse:main', 'warehouse:shop']), (life) => {
        for (const { came, due } of play(life)) {
          // What another subscription brings again, because it began further back, is left out.
          const wanted = came.filter((seq) => due.includes(seq));
          const firstTime = wanted.filter((seq, at) => wanted.slice(0, at).every((before) => before < seq));
          expect(firstTime).toEqual(due);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('that overlap and begin together: a change that belongs to several comes once', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...levels), { maxLength: 30 }), (changes) => {
        const topics: readonly Topic[] = ['product:a', 'warehouse:main', 'warehouse:shop'];
        const life: Step[] = [
          { kind: 'subscribe', topics, back: 0 },
          ...changes.map((level): Step => ({ kind: 'change', level })),
        ];
        for (const { came, due } of play(life)) expect(came).toEqual(due);
      }),
    );
  });
});
