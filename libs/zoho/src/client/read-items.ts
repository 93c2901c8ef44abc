import type { ItemId } from '@tallystream/contracts';
import type { CallOptions } from '../budget/priorities';
import type { ZohoClient, ZohoItems } from './zoho-client';
import { ZohoError } from './zoho-error';

export type ReadItems = Readonly<{ answers: readonly ZohoItems[]; gone: readonly ItemId[] }>;

/**
 * Reads many items, `batchSize` in a call, less when Zoho takes no more. Ids that do not exist fail the call that
 * names them, so they are searched for: one among 100 costs 8 calls more.
 * @throws ZohoError for all else; a limit that is reached is not searched through
 */
export const readItems = async (
  client: Pick<ZohoClient, 'itemDetails'>,
  ids: readonly ItemId[],
  { batchSize, ...call }: CallOptions & Readonly<{ batchSize: number }>,
): Promise<ReadItems> => {
  const answers: ZohoItems[] = [];
  const gone: ItemId[] = [];
  let size = batchSize;

  const ask = async (batch: readonly ItemId[]): Promise<'read' | 'names the dead' | 'too many'> => {
    try {
      answers.push(await client.itemDetails(batch, call));
      return 'read';
    } catch (error) {
      if (!(error instanceof ZohoError)) throw error;
      if (error.kind === 'not_found') return 'names the dead';
      if (error.kind === 'refused' && batch.length > 1) return 'too many';
      throw error;
    }
  };

  /** Halves what is known to name a dead id; what may be alive beside it is read in one go at the end. */
  const search = async (batch: readonly ItemId[]): Promise<void> => {
    let suspects = batch;
    const rest: ItemId[] = [];
    while (suspects.length > 1) {
      const half = suspects.slice(0, Math.ceil(suspects.length / 2));
      const others = suspects.slice(half.length);
      const outcome = await ask(half);
      if (outcome === 'too many') return read(suspects.concat(rest));
      if (outcome === 'names the dead') rest.push(...others);
      suspects = outcome === 'read' ? others : half;
    }
    gone.push(...suspects);
    await read(rest);
  };

  const read = async (wanted: readonly ItemId[]): Promise<void> => {
    for (let at = 0; at < wanted.length; ) {
      const batch = wanted.slice(at, at + size);
      const outcome = await ask(batch);
      if (outcome === 'too many') {
        size = Math.ceil(batch.length / 2);
        continue;
      }
      if (outcome === 'names the dead') await search(batch);
      at += batch.length;
    }
  };

  await read(ids);
  return { answers, gone };
};
