import { rateOver } from './rate';

describe('a rate', () => {
  const clock = (at = 123_456) => {
    let time = at;
    const pass = (ms: number) => {
      time += ms;
    };
    return { now: () => time, pass };
  };

  it('is none when nothing happened', () => {
    expect(rateOver(clock().now).perSecond()).toBe(0);
  });

  it('is over the time since counting began, at least a second', () => {
    const { now, pass } = clock();
    const rate = rateOver(now);
    rate.count(30);
    expect(rate.perSecond()).toBe(30);
    pass(3_000);
    expect(rate.perSecond()).toBe(10);
  });

  it('stays what it is while things happen as often', () => {
    const { now, pass } = clock(7_000_000);
    const rate = rateOver(now);
    for (let n = 0; n < 1_000; n += 1) {
      rate.count(5);
      pass(100);
    }
    expect(rate.perSecond()).toBeCloseTo(50, 0);
  });

  it('forgets what was more than ten seconds ago, also when nobody asked meanwhile', () => {
    const { now, pass } = clock();
    const rate = rateOver(now);
    rate.count(1_000_000);
    pass(60_000);
    expect(rate.perSecond()).toBe(0);
    rate.count(20);
    expect(rate.perSecond()).toBeLessThanOrEqual(2);
  });
});
