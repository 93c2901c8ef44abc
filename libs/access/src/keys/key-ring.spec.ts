import { instantFrom } from '@tallystream/contracts';
import type { Caller } from '@tallystream/platform';
import { type ApiKey, createdKey, keyOfEnvironment, revokedKey, rotatedKey } from './api-key';
import { KeyRing } from './key-ring';

const T0 = Date.UTC(2026, 0, 7);
const by = (seconds: number) => ({ by: 'ops', at: instantFrom(T0 + seconds * 1_000) });
const seed = keyOfEnvironment({ name: 'local', role: 'admin', key: '0123456789abcdef' });
const shop = createdKey('shop-id', 'first', { name: 'shop', role: 'reader' }, by(0));
const shopCaller = { id: 'shop-id', name: 'shop', role: 'reader' };

const ringWith = (...keys: readonly ApiKey[]): KeyRing => {
  const ring = new KeyRing(new Map([[seed.id, seed]]));
  keys.forEach((key, index) => {
    ring.take(key, index + 1);
  });
  return ring;
};
const asCaller = (found: ReturnType<KeyRing['holderOf']>): Caller => {
  if (!found || 'fault' in found) throw new Error(`nobody: ${JSON.stringify(found)}`);
  return found;
};

describe('the key ring', () => {
  it.each(['', 'nobody', 'shop', 'shop-id', 'First', 'first '])('knows nobody by "%s"', (credential) => {
    expect(ringWith(shop).holderOf(credential, T0)).toBeUndefined();
  });

  it('knows keys that were made and keys of the environment', () => {
    expect(ringWith(shop).holderOf('first', T0)).toEqual(shopCaller);
    expect(ringWith(shop).holderOf('0123456789abcdef', T0)).toEqual({
      id: seed.id,
      name: 'local',
      role: 'admin',
    });
  });

  it('refuses what is revoked by its name, also of the environment', () => {
    // As it is stored: without the hash, which stays in the environment.
    const ring = ringWith(revokedKey(shop, by(1)), { ...revokedKey(seed, by(1)), secrets: [] });
    expect(ring.holderOf('first', T0)).toEqual({ fault: 'revoked_key', name: 'shop' });
    expect(ring.holderOf('0123456789abcdef', T0)).toEqual({ fault: 'revoked_key', name: 'local' });
  });

  it('refuses what has expired', () => {
    const ring = ringWith({ ...shop, expiresAt: by(60).at });
    expect(ring.holderOf('first', T0 + 59_999)).toEqual(shopCaller);
    expect(ring.holderOf('first', T0 + 60_000)).toEqual({ fault: 'expired', name: 'shop' });
  });

  it('lets an old secret in until its grace is over', () => {
    const rotated = rotatedKey(shop, 'second', 60, by(0));
    const ring = ringWith(shop, rotated);
    expect(ring.holderOf('first', T0 + 59_999)).toEqual(shopCaller);
    expect(ring.holderOf('first', T0 + 60_000)).toEqual({ fault: 'expired', name: 'shop' });
    expect(ring.holderOf('second', T0 + 60_000)).toEqual(shopCaller);
    ring.take(rotatedKey(rotated, 'third', 0, by(70)), 3);
    expect(ring.holderOf('first', T0 + 70_000)).toBeUndefined();
    expect(ring.holderOf('second', T0 + 70_000)).toBeUndefined();
  });

  it('is not brought back by an older message', () => {
    const ring = ringWith();
    ring.take(revokedKey(shop, by(1)), 7);
    ring.take(shop, 3);
    expect(ring.holderOf('first', T0)).toEqual({ fault: 'revoked_key', name: 'shop' });
  });

  it('lets nobody in by what cannot be read any more', () => {
    const ring = ringWith(shop);
    ring.drop('shop-id');
    expect(ring.holderOf('first', T0)).toBeUndefined();
    expect(ring.find('shop-id')).toBeUndefined();
  });

  it('says of those who are in whether they still may be', () => {
    const ring = ringWith(shop);
    const caller = asCaller(ring.holderOf('first', T0));
    ring.take(shop, 1);
    expect(ring.isStillGood(caller, T0)).toBe(true);
    ring.take(rotatedKey(shop, 'second', 60, by(0)), 2);
    expect(ring.isStillGood(caller, T0 + 59_999)).toBe(true);
    expect(ring.isStillGood(caller, T0 + 60_000)).toBe(false);
    expect(ring.isStillGood({ ...caller }, T0)).toBe(false);
    const second = asCaller(ring.holderOf('second', T0));
    ring.take(revokedKey(shop, by(3)), 3);
    expect(ring.isStillGood(second, T0)).toBe(false);
  });

  it('remembers the last use, whatever order the news comes in', () => {
    const ring = ringWith(shop);
    expect(ring.lastUse('shop-id')).toBeUndefined();
    ring.used('shop-id', T0 + 60_000);
    ring.used('shop-id', T0);
    expect(ring.lastUse('shop-id')).toBe(T0 + 60_000);
  });
});
