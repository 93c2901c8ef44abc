import { apiError, CommitConflict, JetStreamRefused, NatsUnavailable, NotTaken } from './errors';

describe('what JetStream answers', () => {
  it.each([
    { what: 'another sequence than expected', code: 400, err_code: 10071, is: CommitConflict },
    { what: 'the same, with the sequence', code: 400, err_code: 10164, is: CommitConflict },
    { what: 'a server that is starting', code: 503, err_code: 10008, is: NatsUnavailable },
    { what: 'too few servers for the replicas', code: 400, err_code: 10005, is: NatsUnavailable },
    { what: 'a stream that is offline', code: 500, err_code: 10118, is: NatsUnavailable },
    { what: 'a batch that another leader has begun', code: 400, err_code: 10176, is: NatsUnavailable },
    { what: 'a message that is being stored', code: 409, err_code: 10158, is: NotTaken },
    { what: 'a batch that is too large', code: 400, err_code: 10199, is: JetStreamRefused },
  ])('$what ($err_code) is sorted by what can be done about it', ({ code, err_code, is }) => {
    const error = apiError({ code, err_code, description: 'as the server says it' });
    expect(error.constructor).toBe(is);
    expect(error.message).toContain('as the server says it');
  });
});
