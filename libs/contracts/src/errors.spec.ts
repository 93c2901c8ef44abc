import { Problem, problemDocument, problems } from './errors';
import { runIdSchema } from './ids';

describe('the table of problems', () => {
  it.each(Object.entries(problems))('%s is an error of HTTP with a title', (code, { status, title }) => {
    expect(code).toMatch(/^[a-z_]+$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(title).toMatch(/^[A-Z].*[^.]$/);
  });

  it.each(Object.entries(problems).filter(([, { status }]) => status === 500))(
    '%s is our own fault and is logged as an error',
    (_code, { log }) => {
      expect(log).toBe('error');
    },
  );
});

describe('a problem', () => {
  it('carries its code, its detail, and nothing else unless told', () => {
    const problem = new Problem('not_found', 'no such item');
    expect(problem).toBeInstanceOf(Error);
    expect(problem).toMatchObject({
      name: 'Problem',
      code: 'not_found',
      message: 'no such item',
      errors: [],
      extensions: {},
    });
    expect(problem.retryAfterSeconds).toBeUndefined();
    expect(problem.cause).toBeUndefined();
  });

  it('names the run that is in the way', () => {
    const extensions = { runId: runIdSchema.parse('2026-01-07-full') };
    expect(new Problem('run_in_progress', 'wait for it', { extensions })).toMatchObject({ extensions });
  });

  it('carries field errors, when to come back, and its cause', () => {
    const cause = new Error('connection lost');
    const errors = [{ path: 'limit', message: 'is too large' }];
    const problem = new Problem('store_unavailable', 'later', { errors, retryAfterSeconds: 5, cause });
    expect(problem).toMatchObject({ errors, retryAfterSeconds: 5, cause });
  });
  it('becomes a document that says all of it but the cause and when to come back', () => {
    const extensions = { runId: runIdSchema.parse('2026-01-07-full') };
    const errors = [{ path: 'limit', message: 'is too large' }];
    const extra = { errors, extensions, retryAfterSeconds: 5, cause: new Error('secret') };
    expect(problemDocument(new Problem('run_in_progress', 'wait for it', extra))).toEqual({
      type: 'https://tallystream.com/problems/run-in-progress',
      title: 'A run of this kind is going on',
      status: 409,
      detail: 'wait for it',
      code: 'run_in_progress',
      errors,
      runId: '2026-01-07-full',
    });
    expect(problemDocument(new Problem('not_found', 'no such item'))).not.toHaveProperty('errors');
  });
});
