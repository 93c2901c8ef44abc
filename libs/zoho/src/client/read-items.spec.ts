import { type ItemId, instantFrom, itemIdSchema } from '@tallystream/contracts';
import fc from 'fast-check';
import { readItems } from './read-items';
import type { ZohoClient } from './zoho-client';
import { ZohoError } from './zoho-error';

const idsUpTo = (count: number): readonly ItemId[] =>
  Array.from({ length: count }, (_, n) => itemIdSchema.parse(`i${n}`));

/** Zoho as far as reading goes: fails a call with a dead id, and one with more ids than it takes. */
const zohoWith = (dead: readonly ItemId[], takes = Number.POSITIVE_INFINITY, status = 414) => {
  const calls: (readonly ItemId[])[] = [];
  const client: Pick<ZohoClient, 'itemDetails'> = {
    itemDetails: async (ids) => {
      calls.push(ids);
      if (ids.length > takes) throw new ZohoError('refused', 'too many', { status });
      if (ids.some((id) => dead.includes(id)))
        throw new ZohoError('not_found', 'gone', { status: 404, code: 1002 });
      const items = ids.map((itemId) => ({
        itemId,
        levels: [],
        raw: '{}',
        details: { itemId, name: itemId, status: 'active' as const, tracksStock: true },
      }));
      return { asOf: instantFrom(0), items };
    },
  };
  const read = async (ids: readonly ItemId[], batchSize = 100) => {
    const { answers, gone } = await readItems(client, ids, { priority: 'sweep', batchSize });
    return { found: answers.flatMap(({ items }) => items.map(({ itemId }) => itemId)), gone };
  };
  return { calls, read };
};

const sorted = (ids: readonly ItemId[]) => [...ids].sort();

describe('reading items', () => {
  it('takes a call for each batch', async () => {
    const ids = idsUpTo(250);
    const { calls, read } = zohoWith([]);
    expect(await read(ids)).toEqual({ found: ids, gone: [] });
    expect(calls.map(({ length }) => length)).toEqual([100, 100, 50]);
  });

  it('of none takes none', async () => {
    const { calls, read } = zohoWith([]);
    expect(await read([])).toEqual({ found: [], gone: [] });
    expect(calls).toEqual([]);
  });

  it('with one dead id among 100, wherever it is, takes 8 further calls at most', async () => {
    const ids = idsUpTo(100);
    const further: number[] = [];
    for (const id of ids) {
      const { calls, read } = zohoWith([id]);
      const { found, gone } = await read(ids);
      expect(gone).toEqual([id]);
      expect(sorted(found)).toEqual(sorted(ids.filter((other) => other !== id)));
      further.push(calls.length - 1);
    }
    expect(Math.max(...further)).toBe(8);
  });

  it('alone, and dead, takes one call', async () => {
    const ids = idsUpTo(1);
    const { calls, read } = zohoWith(ids);
    expect(await read(ids)).toEqual({ found: [], gone: ids });
    expect(calls).toHaveLength(1);
  });

  it('finds all that are there, once each, and all that are gone', async () => {
    const scenario = fc.integer({ min: 1, max: 120 }).chain((count) => {
      const ids = idsUpTo(count);
      return fc.record({
        ids: fc.constant(ids),
        dead: fc.subarray([...ids], { maxLength: Math.min(count, 12) }),
        batchSize: fc.integer({ min: 1, max: 200 }),
        takes: fc.oneof(fc.constant(1_000), fc.integer({ min: 1, max: 50 })),
      });
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ ids, dead, batchSize, takes }) => {
        const { found, gone } = await zohoWith(dead, takes).read(ids, batchSize);
        expect(sorted(gone)).toEqual(sorted(dead));
        expect(sorted(found)).toEqual(sorted(ids.filter((id) => !dead.includes(id))));
      }),
    );
  });

  it.each([400, 413, 414])('with more than Zoho takes (%d), goes on with fewer', async (status) => {
    const ids = idsUpTo(300);
    const { calls, read } = zohoWith([], 30, status);
    expect((await read(ids)).found).toEqual(ids);
    const tooMany = calls.filter(({ length }) => length > 30);
    expect(tooMany.map(({ length }) => length)).toEqual([100, 50]);
  });

  it('of one that Zoho refuses fails', async () => {
    await expect(zohoWith([], 0, 400).read(idsUpTo(4))).rejects.toMatchObject({ kind: 'refused' });
  });

  it.each(['rate_limited', 'too_many_at_once', 'quota_exhausted', 'server_fault'] as const)(
    'ends with the first call that is %s, and does not search',
    async (kind) => {
      const itemDetails = jest.fn(() => Promise.reject(new ZohoError(kind, 'no', { status: 429 })));
      const reading = readItems({ itemDetails }, idsUpTo(100), { priority: 'sweep', batchSize: 100 });
      await expect(reading).rejects.toMatchObject({ kind });
      expect(itemDetails).toHaveBeenCalledTimes(1);
    },
  );
});
