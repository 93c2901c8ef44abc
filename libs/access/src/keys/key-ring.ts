import { millisOf } from '@tallystream/contracts';
import { type Caller, hashOfKey, type Stranger } from '@tallystream/platform';
import { type ApiKey, statusOf } from './api-key';

type Kept = Readonly<{ key: ApiKey; seq: number }>;
/** One secret of one key. Times in milliseconds since 1970. */
type Door = Readonly<{ id: string; until: number; caller: Caller }>;

/** All keys, as one process knows them: looked at for every request, so it is in memory and ready to answer. */
export class KeyRing {
  private readonly kept = new Map<string, Kept>();
  private readonly doors = new Map<string, Door>();
  private readonly hashes = new WeakMap<Caller, string>();
  private readonly uses = new Map<string, number>();

  constructor(private readonly environment: ReadonlyMap<string, ApiKey>) {
    for (const key of environment.values()) this.take(key, 0);
  }

  /** Takes what a key is as of a position in the stream; what is older is left. */
  take(key: ApiKey, seq: number): void {
    const before = this.kept.get(key.id);
    if (before && before.seq > seq) return;
    // What is stored of a key of the environment says that it is revoked, but not what the key is.
    const { secrets } = this.environment.get(key.id) ?? key;
    this.forget(before);
    this.kept.set(key.id, { key: { ...key, secrets }, seq });
    const { id, name, role, readsPerMinute } = key;
    for (const { hash, until } of secrets) {
      const caller: Caller = { id, name, role, ...(readsPerMinute ? { readsPerMinute } : {}) };
      this.hashes.set(caller, hash);
      this.doors.set(hash, { id, until: until ? millisOf(until) : Number.POSITIVE_INFINITY, caller });
    }
  }

  /** A key that can no longer be read opens nothing. */
  drop(id: string): void {
    this.forget(this.kept.get(id));
    this.kept.delete(id);
  }

  /** Nothing when no key has that secret. */
  holderOf(credential: string, now: number): Caller | Stranger | undefined {
    return this.behind(hashOfKey(credential), now);
  }

  isStillGood(caller: Caller, now: number): boolean {
    const hash = this.hashes.get(caller);
    const found = hash === undefined ? undefined : this.behind(hash, now);
    return found !== undefined && !('fault' in found);
  }

  find(id: string): ApiKey | undefined {
    return this.kept.get(id)?.key;
  }

  all(): readonly ApiKey[] {
    return [...this.kept.values()].map(({ key }) => key);
  }

  used(id: string, at: number): void {
    this.uses.set(id, Math.max(at, this.uses.get(id) ?? 0));
  }

  /** Milliseconds since 1970. */
  lastUse(id: string): number | undefined {
    return this.uses.get(id);
  }

  private behind(hash: string, now: number): Caller | Stranger | undefined {
    const door = this.doors.get(hash);
    const key = door && this.kept.get(door.id)?.key;
    if (!door || !key) return undefined;
    const status = statusOf(key, now);
    if (status === 'revoked') return { fault: 'revoked_key', name: key.name };
    if (status === 'expired' || door.until <= now) return { fault: 'expired', name: key.name };
    return door.caller;
  }

  private forget(kept: Kept | undefined): void {
    for (const { hash } of kept?.key.secrets ?? []) this.doors.delete(hash);
  }
}
