import { catchUpTurns } from './turns';

/** Work that ends when told to. */
const work = () => {
  let end: (result: string) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const result = new Promise<string>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  let begun = false;
  return {
    start: () => {
      begun = true;
      return result;
    },
    hasBegun: () => begun,
    end: (text: string) => end(text),
    fail: (error: Error) => fail(error),
  };
};

const soon = () => new Promise((resolve) => setImmediate(resolve));

describe('turns to catch up', () => {
  let now = 0;
  const turns = () => catchUpTurns(() => now, 60_000);

  it('are one at a time, in the order in which they were asked for', async () => {
    const { next } = turns();
    const [first, second, third] = [work(), work(), work()];
    const results = Promise.all([next(first.start), next(second.start), next(third.start)]);
    await soon();
    expect([first, second, third].map(({ hasBegun }) => hasBegun())).toEqual([true, false, false]);
    first.end('1');
    await soon();
    expect([second, third].map(({ hasBegun }) => hasBegun())).toEqual([true, false]);
    second.end('2');
    third.end('3');
    expect(await results).toEqual(['1', '2', '3']);
  });

  it('go on after one that failed, which whoever asked for it hears of', async () => {
    const { next } = turns();
    const [first, second] = [work(), work()];
    const failing = next(first.start);
    const following = next(second.start);
    first.fail(new Error('no quota'));
    second.end('done');
    await expect(failing).rejects.toThrow('no quota');
    await expect(following).resolves.toBe('done');
  });

  it('for observations are no sooner than a minute after the last began, of whichever kind', async () => {
    const { next, seldom } = turns();
    expect(await seldom(async () => 'first')).toBe('first');
    now += 59_999;
    expect(await seldom(async () => 'too soon')).toBeUndefined();
    now += 1;
    expect(await seldom(async () => 'again')).toBe('again');
    now += 60_000;
    expect(await next(async () => 'sweep')).toBe('sweep');
    expect(await seldom(async () => 'too soon')).toBeUndefined();
  });

  it('for observations do not queue up', async () => {
    const { next, seldom } = turns();
    const sweep = work();
    const sweeping = next(sweep.start);
    now += 120_000;
    expect(await seldom(async () => 'meanwhile')).toBeUndefined();
    sweep.end('swept');
    await sweeping;
  });

  it('for observations come around after a failure, too', async () => {
    const { seldom } = turns();
    await expect(seldom(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await seldom(async () => 'too soon')).toBeUndefined();
    now += 60_000;
    expect(await seldom(async () => 'again')).toBe('again');
  });
});
