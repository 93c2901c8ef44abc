import { documentBody } from '../bodies/document-body';
import type { Change } from '../bookings/booking';
import type { UncheckedOrder } from '../bookings/registry';
import type { Simulator } from '../simulator';
import type { Answer } from '../webhooks/delivery';
import { refusedAsHttp } from './control-input';

/** A document that a booking changed, and what the receiver said to its webhook. */
export type Told = Readonly<{ document: Record<string, object>; webhook: Answer | undefined }>;

/** So long a booking waits to hear what became of its webhooks. A late one may take longer. */
const PATIENCE_MS = 10_000;

/** Books by hand, and waits for its webhooks to be settled. */
export const bookAndTell = async (simulator: Simulator, order: UncheckedOrder): Promise<Told[]> => {
  const changes = refusedAsHttp(() => simulator.carryOut(order));
  const answers = simulator.announce(changes);
  const documents = changes.map((change) => documentBody(simulator.organisation, change.document));
  simulator.delivery.flush();
  const settled = await Promise.all(answers.map((answer, index) => patiently(answer, changes[index])));
  return documents.map((document, index) => ({ document, webhook: settled[index] }));
};

const patiently = async (answer: Promise<Answer>, change: Change | undefined): Promise<Answer> => {
  let timer: NodeJS.Timeout | undefined;
  const waiting = new Promise<Answer>((resolve) => {
    const event = `${change?.document.type}.${change?.event}`;
    timer = setTimeout(() => resolve({ event, outcome: 'waiting', attempts: 0 }), PATIENCE_MS);
  });
  const first = await Promise.race([answer, waiting]);
  clearTimeout(timer);
  return first;
};
