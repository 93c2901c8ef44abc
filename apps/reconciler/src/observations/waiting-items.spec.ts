import { itemIdSchema } from '@tallystream/contracts';
import { type WaitingItems, type Wanted, waitingItems } from './waiting-items';

const item = (name: string) => itemIdSchema.parse(name);
const RIPE = 3;

describe('items that wait to be looked at', () => {
  let now: number;
  let items: WaitingItems;
  const add = (name: string, due: number, rest: Partial<Wanted> = {}) =>
    items.add({ itemId: item(name), due, inDoubt: false, seq: 1, ...rest });
  const taken = (at: number, max = 100) => items.take(at, max, RIPE).map(({ itemId }) => itemId);

  beforeEach(() => {
    now = 0;
    items = waitingItems(() => now);
  });

  it('holds an item once, at the earliest moment anyone asked for', () => {
    add('pen', 10);
    now = 9;
    add('pen', 19);
    expect(items.nextDue()).toBe(10);
    add('pen', 9);
    expect(items.nextDue()).toBe(9);
    expect(taken(9)).toEqual(['pen']);
    expect(items.nextDue()).toBeUndefined();
  });

  it('constant traffic does not put an observation off', () => {
    for (now = 0; now < 10; now += 1) add('pen', now + 10);
    expect(items.nextDue()).toBe(10);
  });

  it('takes nothing before something is due, then fills up with what has waited long enough', () => {
    add('first', 10);
    now = 5;
    add('ripe', 15);
    now = 9;
    add('fresh', 19);
    expect(taken(9)).toEqual([]);
    expect(taken(10)).toEqual(['first', 'ripe']);
    expect(items.nextDue()).toBe(19);
  });

  it('takes the longest due first when there are too many', () => {
    add('late', 3);
    add('early', 1);
    add('middle', 2);
    expect(taken(5, 2)).toEqual(['early', 'middle']);
    expect(taken(5, 2)).toEqual(['late']);
  });

  it('what is asked for while its item is looked at waits for the next look', async () => {
    const first = add('pen', 0);
    const [looking] = items.take(0, 1, RIPE);
    const second = add('pen', 5);
    looking?.resolve();
    await first;
    expect(items.size()).toBe(1);
    items.take(5, 1, RIPE)[0]?.resolve();
    await second;
  });

  it('what failed comes again, as one with what was asked for meanwhile', async () => {
    const first = add('pen', 0);
    const other = add('ink', 0);
    const failed = items.take(0, 2, RIPE);
    const second = add('pen', 5);
    items.again(failed, 7);
    expect(items.size()).toBe(2);
    for (const { resolve } of items.take(7, 2, RIPE)) resolve();
    await Promise.all([first, second, other]);
  });

  it('gives up all that wait with one error', async () => {
    const waiting = [add('pen', 0), add('ink', 9)];
    items.rejectAll(new Error('gone'));
    expect((await Promise.allSettled(waiting)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(items.size()).toBe(0);
  });

  it('is in doubt as soon as one request says so, and knows which requests it answers', () => {
    add('pen', 10, { seq: 4 });
    add('pen', 12, { seq: 7, inDoubt: true });
    add('pen', 14, { seq: 9 });
    expect(items.take(10, 1, RIPE)).toMatchObject([{ due: 10, inDoubt: true, seqs: [4, 7, 9] }]);
  });

  it('stays in doubt when a look fails', () => {
    void add('pen', 0, { inDoubt: true, seq: 4 }).catch(() => undefined);
    const failed = items.take(0, 1, RIPE);
    void add('pen', 5, { seq: 6 }).catch(() => undefined);
    items.again(failed, 7);
    expect(items.take(7, 1, RIPE)).toMatchObject([{ inDoubt: true, seqs: [6, 4] }]);
  });
});
