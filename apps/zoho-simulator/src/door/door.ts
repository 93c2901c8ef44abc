import type { NextFunction, Request, Response } from 'express';
import type { Clock } from '../clock';
import { endpointOf } from '../rest/endpoint';
import type { CallBook } from './calls';
import type { Fault, FaultPlan } from './faults';
import type { Limits } from './limits';

export type DoorParts = Readonly<{ clock: Clock; limits: Limits; calls: CallBook; faults: FaultPlan }>;

/** What stands before the API: counts every call, and lets through what the limits and planned faults allow. */
export const apiDoor =
  ({ clock, limits, calls, faults }: DoorParts) =>
  (request: Request, response: Response, next: NextFunction): void => {
    const endpoint = endpointOf(request.baseUrl + request.path);
    note(request, response, endpoint, { calls, clock });
    const { refusal, headers } = limits.enter(clock.milliseconds());
    response.set(headers);
    if (refusal) {
      const { code, message, retryAfterSeconds } = refusal;
      if (retryAfterSeconds !== undefined) response.set('Retry-After', String(retryAfterSeconds));
      response.status(429).json({ code, message });
      return;
    }
    response.once('close', limits.leave);
    suffer(faults.next(endpoint), response, next);
  };

/** The accounts server's door: no limits but its own, and the same faults. */
export const accountsDoor =
  ({ clock, calls, faults }: Omit<DoorParts, 'limits'>) =>
  (request: Request, response: Response, next: NextFunction): void => {
    const endpoint = endpointOf(request.baseUrl + request.path);
    note(request, response, endpoint, { calls, clock });
    suffer(faults.next(endpoint), response, next);
  };

const note = (
  request: Request,
  response: Response,
  endpoint: string,
  { calls, clock }: Pick<DoorParts, 'calls' | 'clock'>,
): void => {
  // The query of a token request holds credentials.
  const query = endpoint === 'token' ? '' : (request.originalUrl.split('?')[1] ?? '');
  const call = { at: clock.milliseconds(), method: request.method, endpoint, query };
  calls.begin(call);
  response.once('close', () => calls.end(call, response.writableFinished ? response.statusCode : undefined));
};

/** Lets the call go on as its faults let it: at once, late, with a torn answer, or not at all. */
const suffer = (faults: readonly Fault[], response: Response, next: NextFunction): void => {
  const wait = faults.reduce((sum, fault) => sum + (fault.kind === 'latency' ? fault.milliseconds : 0), 0);
  const worst = faults.find(({ kind }) => kind !== 'latency');
  const goOn = () => (worst ? strike(worst, response, next) : next());
  if (wait === 0) {
    goOn();
    return;
  }
  const timer = setTimeout(goOn, wait);
  response.once('close', () => clearTimeout(timer));
};

const strike = (fault: Fault, response: Response, next: NextFunction): void => {
  switch (fault.kind) {
    case 'answer':
      response.status(fault.status).set(fault.headers).json({ code: fault.code, message: fault.message });
      return;
    case 'broken':
      tear(response);
      next();
      return;
    case 'cut':
      response.socket?.destroy();
      return;
    case 'latency':
      next();
      return;
    case 'hang':
      return;
  }
};

/** Half of the answer, as when a proxy gives up on the way: JSON that does not parse. */
const tear = (response: Response): void => {
  const send = response.send.bind(response);
  response.send = (body: unknown) => {
    response.send = send;
    const whole = typeof body === 'string' ? body : JSON.stringify(body);
    return response.type('application/json').end(whole.slice(0, Math.floor(whole.length / 2)));
  };
};
