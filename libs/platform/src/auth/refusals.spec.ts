import { Logger } from '@nestjs/common';
import { register } from 'prom-client';
import { Refusals } from './refusals';

describe('the log of refusals', () => {
  let refusals: Refusals;
  let lines: Record<string, unknown>[];
  beforeEach(() => {
    jest.useFakeTimers();
    lines = [];
    refusals = new Refusals();
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((line) => void lines.push(line));
  });
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });
  const refuse = (address: string, times = 1) => {
    for (let n = 0; n < times; n += 1)
      refusals.note({ reason: 'unknown_key', route: 'GET /api/stock/:itemId', needs: 'reader', address });
  };
  const counted = async () =>
    (await register.getSingleMetric('tally_requests_refused_total')?.get())?.values.find(
      ({ labels }) => labels.reason === 'unknown_key',
    )?.value ?? 0;

  it('says who, what and why', () => {
    refusals.note({
      reason: 'weak_role',
      route: 'POST /api/keys',
      needs: 'admin',
      address: '10.0.0.7',
      name: 'shop',
      role: 'reader',
    });
    expect(lines).toEqual([
      {
        msg: 'refused',
        reason: 'weak_role',
        route: 'POST /api/keys',
        needs: 'admin',
        address: '10.0.0.7',
        name: 'shop',
        role: 'reader',
      },
    ]);
  });

  it('of a flood from one address holds a few lines and a sum, and counts all', async () => {
    const before = await counted();
    refuse('10.0.0.7', 5_000);
    refuse('10.0.0.8');
    expect(lines).toHaveLength(11);
    jest.advanceTimersByTime(60_000);
    expect(lines.at(-1)).toEqual({ msg: 'refused, and not logged one by one', count: 4_990 });
    expect(lines).toHaveLength(12);
    expect((await counted()) - before).toBe(5_001);
    refuse('10.0.0.7');
    expect(lines).toHaveLength(13);
  });

  it('of a flood from many addresses holds no more, and still shows other refusals', () => {
    for (let n = 0; n < 5_000; n += 1) refuse(`10.0.${n >> 8}.${n & 255}`);
    expect(lines).toHaveLength(50);
    refusals.note({ reason: 'revoked_key', route: 'GET /api/keys', needs: 'admin', address: '10.0.0.7' });
    expect(lines.at(-1)).toMatchObject({ reason: 'revoked_key' });
  });

  it('says nothing more when nothing was withheld', () => {
    refuse('10.0.0.7', 10);
    jest.advanceTimersByTime(120_000);
    expect(lines).toHaveLength(10);
  });
});
