import { eventually, natsOptions } from '@tallystream/testing';
import { connect } from 'nats';
import type { System } from './system';

/** Waits until no webhook is left for the translator, `deadlineMs` milliseconds at most. */
export const everyWebhookHandled = async (
  { servers, naming }: Pick<System, 'servers' | 'naming'>,
  deadlineMs?: number,
): Promise<void> => {
  const nats = await connect(natsOptions(servers.natsUrl));
  try {
    const { consumers } = await nats.jetstreamManager();
    await eventually(async () => {
      const inbox = await consumers.info(naming.stream('ZOHO_INBOX'), naming.consumer('translator'));
      expect({ waiting: inbox.num_pending, inHand: inbox.num_ack_pending }).toEqual({
        waiting: 0,
        inHand: 0,
      });
    }, deadlineMs);
  } finally {
    await nats.close();
  }
};
