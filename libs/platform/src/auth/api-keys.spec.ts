import { type Role, roles } from '../config/variables';
import { apiKeys } from './api-keys';
import { isAtLeast } from './caller';

describe('API keys', () => {
  const callerOf = apiKeys([
    { name: 'shop', role: 'reader', key: 'reader-key-000000' },
    { name: 'ops', role: 'operator', key: 'operator-key-0000' },
  ]);

  it.each([
    { key: 'reader-key-000000', caller: { id: 'shop', name: 'shop', role: 'reader' } },
    { key: 'operator-key-0000', caller: { id: 'ops', name: 'ops', role: 'operator' } },
    { key: 'reader-key-00000', caller: undefined },
    { key: 'reader-key-0000000', caller: undefined },
    { key: 'READER-KEY-000000', caller: undefined },
    { key: 'shop', caller: undefined },
    { key: '', caller: undefined },
  ])('given "$key", the caller is $caller', ({ key, caller }) => {
    expect(callerOf(key)).toEqual(caller);
  });

  it('are nobody when none are set', () => {
    expect(apiKeys([])('reader-key-000000')).toBeUndefined();
  });
});

describe('a role', () => {
  const may: Readonly<Record<Role, readonly Role[]>> = {
    reader: ['reader'],
    auditor: ['reader', 'auditor'],
    operator: ['reader', 'auditor', 'operator'],
    admin: ['reader', 'auditor', 'operator', 'admin'],
  };

  it.each(
    roles.flatMap((role) => roles.map((needed) => ({ role, needed, allowed: may[role].includes(needed) }))),
  )('$role where $needed is needed: $allowed', ({ role, needed, allowed }) => {
    expect(isAtLeast(role, needed)).toBe(allowed);
  });

  it.each(roles)('none is not enough for %s', (needed) => {
    expect(isAtLeast('none', needed)).toBe(false);
  });
});
