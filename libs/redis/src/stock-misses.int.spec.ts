import { itemIdSchema, type Naming } from '@tallystream/contracts';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import Redis from 'ioredis';
import { stockMisses } from './stock-misses';

const DAY_MS = 24 * 3_600_000;
const item = (n: number | string) => itemIdSchema.parse(`item-${n}`);

describe('turns to ask Zoho for what no store knows', () => {
  let redis: Redis;
  let naming: Naming;

  beforeAll(() => {
    redis = new Redis(testServers().redisUrl);
  });
  beforeEach(() => {
    naming = freshNaming();
  });
  afterEach(async () => {
    const keys = await redis.keys(`${naming.namespace}:*`);
    if (keys.length > 0) await redis.unlink(...keys);
  });
  afterAll(() => redis.quit());

  const misses = (settings: Partial<Parameters<typeof stockMisses>[2]> = {}) =>
    stockMisses(redis, naming, { perDay: 250, atOnce: 50, pauseMs: 60_000, ...settings });
  const turns = async (count: number, take: (n: number) => Promise<{ turn: string }>) =>
    (await Promise.all(Array.from({ length: count }, (_, n) => take(n)))).map(({ turn }) => turn);

  it('one of many who ask for the same item has it; the others hear how long ago that was', async () => {
    const [ours, theirs] = [misses(), misses()];
    const all = await turns(20, (n) => (n % 2 ? ours : theirs).take(item('new')));
    expect(all.filter((turn) => turn === 'ask')).toHaveLength(1);
    expect(all.filter((turn) => turn === 'asked')).toHaveLength(19);
    const later = await ours.take(item('new'));
    expect(later).toMatchObject({ turn: 'asked', agoMs: expect.any(Number) });
    expect('agoMs' in later && later.agoMs).toBeLessThan(60_000);
  });

  it('comes again for the same item after a pause', async () => {
    const { take } = misses({ pauseMs: 50 });
    expect(await take(item(1))).toEqual({ turn: 'ask' });
    await eventually(async () => expect(await take(item(1))).toEqual({ turn: 'ask' }));
  });

  it('ids that nobody ever heard of take no more than the share', async () => {
    const { take } = misses({ perDay: 100, atOnce: 20 });
    const all = await turns(1_000, (n) => take(item(n)));
    expect(all.filter((turn) => turn === 'ask')).toHaveLength(20);
    expect(all.filter((turn) => turn === 'spent')).toHaveLength(980);
  });

  it('are saved up again with time, as many as may be taken at once', async () => {
    const { take } = misses({ perDay: DAY_MS / 20, atOnce: 2 });
    expect(await turns(3, (n) => take(item(n)))).toEqual(['ask', 'ask', 'spent']);
    await eventually(async () => expect(await take(item('later'))).toEqual({ turn: 'ask' }));
    const bucket = await redis.pttl(naming.redisKey('stock-cache:misses'));
    expect(bucket).toBeLessThanOrEqual(40);
  });

  it('a refused turn leaves no mark: the item has one when there are turns again', async () => {
    const { take } = misses({ perDay: DAY_MS / 50, atOnce: 1 });
    await take(item(1));
    expect(await take(item(2))).toEqual({ turn: 'spent' });
    await eventually(async () => expect(await take(item(2))).toEqual({ turn: 'ask' }));
  });
});
