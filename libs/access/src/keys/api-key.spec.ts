import { instantFrom, Problem } from '@tallystream/contracts';
import { hashOfKey } from '@tallystream/platform';
import {
  type ApiKey,
  apiKeySchema,
  createdKey,
  keyOfEnvironment,
  newKeyId,
  newSecret,
  revokedKey,
  rotatedKey,
  statusOf,
} from './api-key';

const T0 = Date.UTC(2026, 0, 7);
const at = (seconds: number) => instantFrom(T0 + seconds * 1_000);
const by = (actor: string, seconds: number) => ({ by: actor, at: at(seconds) });
const hashes = (key: ApiKey) => key.secrets.map(({ hash }) => hash);

const shop = createdKey('0f1e2d3c4b5a', 'first', { name: 'shop', role: 'reader' }, by('ops', 0));
const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'none';
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
};

describe('a new secret', () => {
  it('can be recognised, names its key, and is never the same', () => {
    const secrets = Array.from({ length: 1_000 }, () => newSecret('0f1e2d3c4b5a'));
    for (const secret of secrets) expect(secret).toMatch(/^tally_0f1e2d3c4b5a_[\w-]{43}$/);
    expect(new Set(secrets).size).toBe(1_000);
    expect(new Set(Array.from({ length: 1_000 }, newKeyId)).size).toBe(1_000);
  });
});

describe('a created key', () => {
  it('keeps the hash of its secret, and nothing of the secret', () => {
    expect(shop).toEqual({
      id: '0f1e2d3c4b5a',
      name: 'shop',
      role: 'reader',
      source: 'created',
      secrets: [{ hash: hashOfKey('first') }],
      createdAt: at(0),
      createdBy: 'ops',
    });
    expect(JSON.stringify(shop)).not.toContain('first');
    expect(apiKeySchema.parse(JSON.parse(JSON.stringify(shop)))).toEqual(shop);
  });

  it.each([-1, 0])('cannot end %d seconds from now', (seconds) => {
    const wanted = { name: 'shop', role: 'reader', expiresAt: at(seconds) } as const;
    expect(codeOf(() => createdKey('a', 's', wanted, by('ops', 0)))).toBe('invalid_request');
  });

  it('ends when it was to end', () => {
    const key = createdKey('a', 's', { name: 'fair', role: 'reader', expiresAt: at(60) }, by('ops', 0));
    expect(statusOf(key, T0 + 59_999)).toBe('active');
    expect(statusOf(key, T0 + 60_000)).toBe('expired');
  });
});

describe('a rotated key', () => {
  it('opens by both for as long as the grace is', () => {
    const rotated = rotatedKey(shop, 'second', 60, by('ops', 10));
    expect(rotated).toEqual({
      ...shop,
      secrets: [{ hash: hashOfKey('first'), until: at(70) }, { hash: hashOfKey('second') }],
      rotatedAt: at(10),
      rotatedBy: 'ops',
    });
  });

  it('without grace, opens by the new one only', () => {
    expect(hashes(rotatedKey(shop, 'second', 0, by('ops', 10)))).toEqual([hashOfKey('second')]);
  });

  it('does not prolong what was to end', () => {
    const twice = rotatedKey(rotatedKey(shop, 'second', 60, by('ops', 0)), 'third', 600, by('ops', 30));
    expect(twice.secrets).toEqual([
      { hash: hashOfKey('first'), until: at(60) },
      { hash: hashOfKey('second'), until: at(630) },
      { hash: hashOfKey('third') },
    ]);
  });

  it('forgets what has ended', () => {
    const later = rotatedKey(rotatedKey(shop, 'second', 60, by('ops', 0)), 'third', 60, by('ops', 60));
    expect(hashes(later)).toEqual([hashOfKey('second'), hashOfKey('third')]);
  });

  it('keeps so many ways in, and no more', () => {
    let key = shop;
    for (let n = 0; n < 9; n += 1) key = rotatedKey(key, `s${n}`, 600, by('ops', n));
    expect(key.secrets).toHaveLength(10);
    expect(codeOf(() => rotatedKey(key, 'one more', 600, by('ops', 10)))).toBe('conflict');
    expect(hashes(rotatedKey(key, 'one more', 0, by('ops', 10)))).toEqual([hashOfKey('one more')]);
  });

  it.each<[string, ApiKey]>([
    ['revoked', revokedKey(shop, by('ops', 1))],
    ['expired', { ...shop, expiresAt: at(5) }],
    ['from the environment', keyOfEnvironment({ name: 'shop', role: 'reader', key: '0123456789abcdef' })],
  ])('must not be %s: 409', (_what, key) => {
    expect(codeOf(() => rotatedKey(key, 'second', 60, by('ops', 10)))).toBe('conflict');
  });
});

describe('a revoked key', () => {
  it('says who did it, and stays as it is when somebody does it again', () => {
    const revoked = revokedKey(shop, by('ops', 10));
    expect(revoked).toEqual({ ...shop, revokedAt: at(10), revokedBy: 'ops' });
    expect(revokedKey(revoked, by('another', 20))).toBe(revoked);
    expect(statusOf(revoked, T0)).toBe('revoked');
  });
});

describe('a key of the environment', () => {
  const seed = { name: 'shop', role: 'reader', key: '0123456789abcdef' } as const;

  it('has the same id in every process, and another for another key', () => {
    expect(keyOfEnvironment({ ...seed, name: 'renamed' }).id).toBe(keyOfEnvironment(seed).id);
    expect(keyOfEnvironment(seed).id).toMatch(/^env-[0-9a-f]{12}$/);
    expect(keyOfEnvironment({ ...seed, key: '0123456789abcdeF' }).id).not.toBe(keyOfEnvironment(seed).id);
  });

  it('has an id that a fast hash of a likely key does not give away', () => {
    expect(Buffer.from(hashOfKey(seed.key), 'base64').toString('hex')).not.toContain(
      keyOfEnvironment(seed).id.slice('env-'.length),
    );
  });
});
