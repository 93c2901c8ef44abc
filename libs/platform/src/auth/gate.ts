import { Problem } from '@tallystream/contracts';
import type { Config, Role } from '../config/variables';
import { apiKeys } from './api-keys';
import { type Caller, isAtLeast } from './caller';
import { type RefusalReason, Refusals } from './refusals';

/** Nobody we know, and why; `name` is whose the key was, where that is known. */
export type Stranger = Readonly<{
  fault: 'unknown_key' | 'revoked_key' | 'expired' | 'bad_token';
  name?: string;
}>;

export type ReadAllowance = Readonly<{
  isAllowed: boolean;
  limit: number;
  remaining: number;
  /** Until there are as many as at first. */
  resetSeconds: number;
}>;

/** Knows keys and tokens. libs/access has the one that knows them all. */
export interface Gatekeeper {
  /** @throws Problem `store_unavailable` while it cannot know */
  identify(credential: string): Caller | Stranger | Promise<Caller | Stranger>;
  /** Whether what a caller was let in with would still let it in: revoked, or expired, it would not. */
  isStillGood(caller: Caller): boolean;
  /** Counts one read; nothing where reads are not limited. */
  countRead(caller: Caller): ReadAllowance | undefined;
}

/** Somebody at a door. */
export type Knock = Readonly<{
  credential: string | undefined;
  needs: Role;
  /** For the log: the pattern of the route, which holds nothing of the request. */
  route: string;
  address: string | undefined;
}>;

/** The one place that decides who may come in, for HTTP, event streams and sockets alike. */
export class Gate {
  private readonly refusals = new Refusals();

  constructor(private keeper: Gatekeeper) {}

  /** Puts another keeper in the place of the one that knows the keys of the environment only. */
  entrustTo(keeper: Gatekeeper): void {
    this.keeper = keeper;
  }

  /** Whose key or token this is; nothing when it lets nobody in. @throws Problem `store_unavailable` */
  async authenticate(credential: string): Promise<Caller | undefined> {
    const found = await this.keeper.identify(credential);
    return 'fault' in found ? undefined : found;
  }

  /** For connections that stay open: ask again, it costs nothing. */
  isStillGood(caller: Caller): boolean {
    return this.keeper.isStillGood(caller);
  }

  /** @throws Problem `unauthorized`, `forbidden`, `store_unavailable`; every refusal is logged and counted */
  async admit(knock: Knock): Promise<Caller> {
    if (!knock.credential) throw this.refuse(knock, 'no_key');
    const found = await this.keeper.identify(knock.credential);
    if ('fault' in found) throw this.refuse(knock, found.fault, found);
    if (!isAtLeast(found.role, knock.needs)) throw this.refuse(knock, 'weak_role', found);
    return found;
  }

  /** Whether the caller may read once more; nothing where reads are not limited. */
  countRead(caller: Caller): ReadAllowance | undefined {
    return this.keeper.countRead(caller);
  }

  /** Notes the refusal, and says what to answer. */
  refuse(
    { needs, route, address }: Knock,
    reason: RefusalReason,
    who: Readonly<{ name?: string; role?: Caller['role'] }> = {},
    allowance?: ReadAllowance,
  ): Problem {
    const { name, role } = who;
    this.refusals.note({ reason, route, needs, address, name, role });
    switch (reason) {
      case 'weak_role':
        return new Problem('forbidden', `This needs the role ${needs}; the key "${name}" has ${role}.`);
      case 'too_many_reads':
        return new Problem('too_many_requests', `"${name}" may read ${allowance?.limit} times a minute.`, {
          retryAfterSeconds: allowance?.resetSeconds ?? 1,
        });
      case 'key_in_url':
        return new Problem('unauthorized', `${HOW} A URL ends up in logs: have the key revoked.`);
      default:
        return new Problem('unauthorized', HOW);
    }
  }
}

const HOW = 'Send an API key as "Authorization: Bearer <key>".';

/** Knows the keys of the environment, for good. */
export const keeperOfSeeds = (seeds: Config['API_KEYS']): Gatekeeper => {
  const callerWith = apiKeys(seeds);
  return {
    identify: (credential) => callerWith(credential) ?? { fault: 'unknown_key' },
    isStillGood: () => true,
    countRead: () => undefined,
  };
};
