import { Inject, Injectable } from '@nestjs/common';
import { millisOf, type Naming } from '@tallystream/contracts';
import {
  CommitConflict,
  JETSTREAM,
  type JetStreamConnection,
  lastMessage,
  publish,
} from '@tallystream/jetstream';
import { NAMING } from '@tallystream/platform';

/**
 * Sees to it that of all replicas one looks after the system in each interval: whoever writes first. It needs no
 * lease that could be held by somebody who is gone, and nothing but NATS: Redis may be what is in trouble.
 */
@Injectable()
export class WatchTurn {
  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
  ) {}

  /** @returns whether it is ours @throws NatsUnavailable */
  async take(intervalMs: number, now: number): Promise<boolean> {
    const { connection, naming } = this;
    const last = await lastMessage(connection, naming.stream('OPERATIONS'), naming.watchTurnSubject);
    // Somewhat earlier counts as due: replicas tick at their own times, and none must be put off by a hair.
    if (last && now - millisOf(last.storedAt) < intervalMs * 0.8) return false;
    try {
      const expectedSubjectSeq = last?.seq ?? 0;
      const turn = { subject: naming.watchTurnSubject, headers: {}, data: new Uint8Array() };
      await publish(connection, { ...turn, expectedSubjectSeq });
      return true;
    } catch (error) {
      if (error instanceof CommitConflict) return false;
      throw error;
    }
  }
}
