import type { Caller } from '@tallystream/platform';
import { readLimits } from './read-limits';

const shop: Caller = { id: 'shop', name: 'shop', role: 'reader' };

describe('reads, counted by one process alone', () => {
  let now: number;
  beforeEach(() => {
    now = Date.UTC(2026, 0, 7);
    jest.spyOn(Date, 'now').mockImplementation(() => now);
  });
  afterEach(() => jest.restoreAllMocks());

  const allowed = (limits: ReturnType<typeof readLimits>, tries: number, caller = shop) =>
    Array.from({ length: tries }, () => limits.count(caller)).filter((each) => each?.isAllowed).length;

  it('are as many a minute as allowed, and one more is refused with when to come back', () => {
    const limits = readLimits(600, undefined);
    expect(limits.count(shop)).toEqual({ isAllowed: true, limit: 600, remaining: 599, resetSeconds: 60 });
    now += 20_500;
    expect(allowed(limits, 1_000)).toBe(599);
    expect(limits.count(shop)).toEqual({ isAllowed: false, limit: 600, remaining: 0, resetSeconds: 40 });
    now += 39_499;
    expect(limits.count(shop)).toMatchObject({ isAllowed: false, resetSeconds: 1 });
    now += 1;
    expect(limits.count(shop)).toEqual({ isAllowed: true, limit: 600, remaining: 599, resetSeconds: 60 });
  });

  it('are each caller\u2019s own', () => {
    const limits = readLimits(3, undefined);
    expect(allowed(limits, 5)).toBe(3);
    expect(allowed(limits, 5, { ...shop, id: 'another' })).toBe(3);
  });

  it('are as many as the key says, where it says', () => {
    expect(allowed(readLimits(3, undefined), 20, { ...shop, readsPerMinute: 7 })).toBe(7);
    expect(allowed(readLimits(0, undefined), 20, { ...shop, readsPerMinute: 7 })).toBe(7);
  });

  it('are not limited by 0', () => {
    expect(readLimits(0, undefined).count(shop)).toBeUndefined();
  });
});
