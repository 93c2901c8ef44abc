import { documentBody } from '../bodies/document-body';
import type { UncheckedOrder } from '../bookings/registry';
import type { Simulator } from '../simulator';
import type { Answer } from '../webhooks/delivery';
import { refusedAsHttp } from './control-input';

/** A document that a booking changed, and what the receiver said to its webhook. */
export type Told = Readonly<{ document: Record<string, object>; webhook: Answer | undefined }>;

/** Books by hand, and waits until the webhooks of it are settled. */
export const bookAndTell = async (simulator: Simulator, order: UncheckedOrder): Promise<Told[]> => {
  const changes = refusedAsHttp(() => simulator.carryOut(order));
  const answers = simulator.announce(changes);
  const documents = changes.map((change) => documentBody(simulator.organisation, change.document));
  simulator.delivery.flush();
  const settled = await Promise.all(answers);
  return documents.map((document, index) => ({ document, webhook: settled[index] }));
};
