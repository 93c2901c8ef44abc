import { eventually } from '@tallystream/testing';
import type { Run } from '../e2e/runs';
import type { House } from './house';
import { untilReady } from './program';
import type { Witness } from './witness';

/** No measure of speed: a machine that does much else at the time takes as long as it takes. */
const DEADLINE_MS = 300_000;

type Status = Readonly<{ delivery: Readonly<{ waiting: number; inFlight: number }> }>;

/** Everything that was under way has come to its end, and sweeps find nothing more to put right. */
export const untilQuiet = async (house: House, witness: Witness): Promise<void> => {
  for (const line of house.lines) line.steady();
  for (const victim of house.victims) victim.resume();
  await untilReady(house.programs);
  await house.zoho.post('delivery', { lose: 0, duplicate: 0, reorder: 0, late: 0 });
  await eventually(async () => {
    const { delivery } = await house.zoho.get<Status>('status');
    if (delivery.waiting + delivery.inFlight > 0) throw new Error('webhooks are still on their way');
  }, DEADLINE_MS);
  await untilHandled(house, witness);
  await eventually(async () => {
    const { status, body } = await house.reconciler.ask<{ run: Run }>('/api/sync/stock?join=true', {
      method: 'POST',
    });
    if (status !== 200 || body.run.status !== 'completed')
      throw new Error(`a sweep ended with ${status}: ${JSON.stringify(body)}`);
    const { levels, equal } = body.run.stats;
    if (levels !== equal) throw new Error(`${Number(levels) - Number(equal)} levels differ from Zoho's`);
  }, DEADLINE_MS).catch((error: unknown) => {
    // That they never agree is a result, too: the judgement says in what they differ.
    if (!String(error).includes('levels differ')) throw error;
  });
  await untilHandled(house, witness);
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
