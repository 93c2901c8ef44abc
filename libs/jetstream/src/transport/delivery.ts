/** How often a message has been delivered, counting this time. */
export type Delivery = Readonly<{ attempt: number; isLast: boolean }>;

const SECOND = 1_000;
const pauses = [1 * SECOND, 5 * SECOND, 30 * SECOND, 120 * SECOND, 600 * SECOND] as const;

/** After this many deliveries a message goes to the dead letters. */
export const MAX_ATTEMPTS = pauses.length + 1;

/** How long to wait before the next attempt, in milliseconds. */
export const pauseAfter = (attempt: number): number =>
  pauses[Math.min(attempt, pauses.length) - 1] ?? pauses[0];

/** No further attempt can change the outcome: the message goes to the dead letters at once. */
export class DeadLetter extends Error {
  constructor(
    /** One token: it becomes part of the dead letter's subject. */
    readonly reason: string,
    detail: string,
  ) {
    super(detail);
    this.name = 'DeadLetter';
  }
}
