import { eventually } from '@tallystream/testing';
import type { Run } from '../e2e/runs';
import type { House } from './house';
import { untilReady } from './program';
import type { Witness } from './witness';

/** No measure of speed: a machine that does much else at the time takes as long as it takes. */
const DEADLINE_MS = 300_000;

type Status = Readonly<{ delivery: Readonly<{ waiting: number; inFlight: number }> }>;

/**
 * Everything that was under way has come to its end, and sweeps find nothing more to put right.
 * @returns what they cannot put right, in words
 */
export const untilQuiet = async (house: House, witness: Witness): Promise<readonly string[]> => {
  for (const line of house.lines) line.steady();
  for (const victim of house.victims) victim.resume();
  await untilReady(house.programs);
  await house.zoho.post('delivery', { lose: 0, duplicate: 0, reorder: 0, late: 0 });
  await eventually(async () => {
    const { delivery } = await house.zoho.get<Status>('status');
    if (delivery.waiting + delivery.inFlight > 0) throw new Error('webhooks are still on their way');
  }, DEADLINE_MS);
  await untilHandled(house, witness);
  const open = await eventually(() => sweptClean(house), DEADLINE_MS).catch((error: unknown) => {
    if (error instanceof NotSettled) return [error.message];
    throw error;
  });
  await untilHandled(house, witness);
  return open;
};

class NotSettled extends Error {}

const sweptClean = async ({ reconciler }: House): Promise<readonly string[]> => {
  const { status, body } = await reconciler.ask<{ run: Run }>('/api/sync/stock?join=true', {
    method: 'POST',
  });
  if (status !== 200 || body.run.status !== 'completed')
    throw new Error(`a sweep ended with ${status}: ${JSON.stringify(body)}`);
  const { levels, equal, undecided, held } = body.run.stats;
  if (levels === equal) return [];
  throw new NotSettled(
    `of ${levels} levels ${equal} are Zoho’s, ${undecided} nobody can judge, ${held} are held, sweep after sweep`,
  );
};

/** Nothing waits in the inbox, nor to be looked at, nor on its way to a store. */
const untilHandled = ({ naming }: House, { manager }: Witness): Promise<void> =>
  eventually(async () => {
    for (const [stream, name] of [
      ['ZOHO_INBOX', 'translator'],
      ['STOCK', 'balances'],
      ['STOCK', 'audit-trail'],
      ['STOCK', 'stock-cache'],
    ] as const) {
      const { num_pending, num_ack_pending } = await manager.consumers.info(
        naming.stream(stream),
        naming.consumer(name),
      );
      if (num_pending + num_ack_pending > 0)
        throw new Error(`${name} has ${num_pending} waiting, ${num_ack_pending} in hand`);
    }
  }, DEADLINE_MS);
