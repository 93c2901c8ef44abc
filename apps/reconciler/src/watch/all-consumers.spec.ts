import { users } from '../../../../deploy/nats/users';
import { allConsumers } from './all-consumers';

describe('the consumers that are watched', () => {
  it('are all that any app may have', () => {
    const allowed: Record<string, string[]> = {};
    for (const { consumes = {} } of Object.values(users))
      for (const [stream, names] of Object.entries(consumes))
        allowed[stream] = [...(allowed[stream] ?? []), ...names].sort();
    const watched = Object.entries(allConsumers).map(([stream, names]) => [stream, [...names].sort()]);
    expect(Object.fromEntries(watched)).toEqual(allowed);
  });
});
