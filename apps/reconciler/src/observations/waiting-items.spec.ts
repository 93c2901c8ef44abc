import { itemIdSchema } from '@tallystream/contracts';
import { type WaitingItems, waitingItems } from './waiting-items';

const item = (name: string) => itemIdSchema.parse(name);
const RIPE = 3;

describe('items that wait to be looked at', () => {
  let now: number;
  let items: WaitingItems;
  const taken = (at: number, max = 100) => items.take(at, max, RIPE).map(({ itemId }) => itemId);

  beforeEach(() => {
    now = 0;
    items = waitingItems(() => now);
  });

  it('holds an item once, at the earliest moment anyone asked for', () => {
    items.add(item('pen'), 10);
    now = 9;
    items.add(item('pen'), 19);
    expect(items.nextDue()).toBe(10);
    items.add(item('pen'), 9);
    expect(items.nextDue()).toBe(9);
    expect(taken(9)).toEqual(['pen']);
    expect(items.nextDue()).toBeUndefined();
  });

  it('constant traffic does not put an observation off', () => {
    for (now = 0; now < 10; now += 1) items.add(item('pen'), now + 10);
    expect(items.nextDue()).toBe(10);
  });

  it('takes nothing before something is due, then fills up with what has waited long enough', () => {
    items.add(item('first'), 10);
    now = 5;
    items.add(item('ripe'), 15);
    now = 9;
    items.add(item('fresh'), 19);
    expect(taken(9)).toEqual([]);
    expect(taken(10)).toEqual(['first', 'ripe']);
    expect(items.nextDue()).toBe(19);
  });

  it('takes the longest due first when there are too many', () => {
    items.add(item('late'), 3);
    items.add(item('early'), 1);
    items.add(item('middle'), 2);
    expect(taken(5, 2)).toEqual(['early', 'middle']);
    expect(taken(5, 2)).toEqual(['late']);
  });

  it('what is asked for while its item is looked at waits for the next look', async () => {
    const first = items.add(item('pen'), 0);
    const [looking] = items.take(0, 1, RIPE);
    const second = items.add(item('pen'), 5);
    looking?.resolve();
    await first;
    expect(items.size()).toBe(1);
    items.take(5, 1, RIPE)[0]?.resolve();
    await second;
  });

  it('what failed comes again, as one with what was asked for meanwhile', async () => {
    const first = items.add(item('pen'), 0);
    const other = items.add(item('ink'), 0);
    const failed = items.take(0, 2, RIPE);
    const second = items.add(item('pen'), 5);
    items.again(failed, 7);
    expect(items.size()).toBe(2);
    for (const { resolve } of items.take(7, 2, RIPE)) resolve();
    await Promise.all([first, second, other]);
  });

  it('gives up all that wait with one error', async () => {
    const waiting = [items.add(item('pen'), 0), items.add(item('ink'), 9)];
    items.rejectAll(new Error('gone'));
    expect((await Promise.allSettled(waiting)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(items.size()).toBe(0);
  });
});
