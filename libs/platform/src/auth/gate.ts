import { Problem } from '@tallystream/contracts';
import type { Role } from '../config/variables';
import { type Caller, isAtLeast } from './api-keys';

/** Somebody at a door. */
export type Knock = Readonly<{ credential: string | undefined; needs: Role }>;

/** The one place that decides who may come in, for HTTP, event streams and sockets alike. */
export class Gate {
  constructor(private readonly callerWith: (key: string) => Caller | undefined) {}

  /** @throws Problem `unauthorized`, `forbidden` */
  async admit({ credential, needs }: Knock): Promise<Caller> {
    const caller = credential === undefined ? undefined : this.callerWith(credential);
    if (!caller) throw new Problem('unauthorized', 'Send an API key as "Authorization: Bearer <key>".');
    if (!isAtLeast(caller.role, needs))
      throw new Problem(
        'forbidden',
        `This needs the role ${needs}; the key "${caller.name}" has ${caller.role}.`,
      );
    return caller;
  }
}
