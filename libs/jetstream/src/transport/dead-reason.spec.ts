import { Problem } from '@tallystream/contracts';
import { CommitConflict, NatsUnavailable } from '../errors';
import { deadReason, passingReasons } from './dead-reason';
import { DeadLetter } from './delivery';

const withField = (field: object): Error => Object.assign(new Error('no'), field);

describe('why a message dies', () => {
  it.each<[string, unknown, string, boolean]>([
    ['NATS away', new NatsUnavailable('away'), 'store_unavailable', true],
    ['Postgres away', new Problem('store_unavailable', 'away'), 'store_unavailable', true],
    ['Zoho away', new Problem('zoho_unavailable', 'away'), 'zoho_unavailable', true],
    ['a conflict', new CommitConflict('moved'), 'conflict', true],
    ['a time-out', withField({ name: 'TimeoutError' }), 'timeout', true],
    ['no connection', withField({ code: 'ECONNREFUSED' }), 'unreachable', true],
    ['429', withField({ kind: 'rate_limited' }), 'rate_limited', true],
    ['5xx', withField({ kind: 'server_fault' }), 'server_fault', true],
    ['what Zoho refuses', withField({ kind: 'refused' }), 'failed', false],
    ['a document that nobody can read', new DeadLetter('bad_field', 'no'), 'bad_field', false],
    ['a fault of ours', new TypeError('x is not a function'), 'failed', false],
    ['something odd', 'text', 'failed', false],
  ])('%s', (_, error, reason, passes) => {
    expect(deadReason(error)).toBe(reason);
    expect(passingReasons.has(reason)).toBe(passes);
  });
});
