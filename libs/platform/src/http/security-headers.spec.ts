import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { securityHeaders } from './security-headers';

const options = { contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } };

/** What an answer has when it has passed. */
const headersAfter = (handler: RequestHandler) => {
  const answer = new ServerResponse(new IncomingMessage(new Socket()));
  const passed = jest.fn();
  Reflect.apply(handler, undefined, [answer.req, answer, passed]);
  expect(passed.mock.calls).toEqual([[]]);
  return answer.getHeaders();
};

describe('security headers', () => {
  it("are helmet's, on every answer", () => {
    const handler = securityHeaders(options);
    const [first, second] = [headersAfter(handler), headersAfter(handler)];
    expect(first).toEqual(headersAfter(helmet(options)));
    expect(second).toEqual(first);
    expect(second).toMatchObject({ 'x-content-type-options': 'nosniff' });
    expect(second['content-security-policy']).not.toContain('upgrade-insecure-requests');
  });
});
