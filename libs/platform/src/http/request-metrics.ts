import type { Request, RequestHandler } from 'express';
import { Histogram } from 'prom-client';

const seconds = new Histogram({
  name: 'tally_http_request_seconds',
  help: 'How long requests took, by method, route and status; event streams are left out',
  labelNames: ['method', 'route', 'status'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
});

/** Comes before everything else that handles requests. */
export const timeRequests: RequestHandler = (request, response, next) => {
  const end = seconds.startTimer();
  response.once('finish', () => {
    // They last as long as somebody listens.
    if (String(response.getHeader('content-type')).startsWith('text/event-stream')) return;
    end({ method: methodOf(request), route: routeOf(request), status: response.statusCode });
  });
  next();
};

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const methodOf = ({ method }: Request): string => (methods.has(method) ? method : 'other');

/** The pattern, with its parameters unnamed by value: what fits none is counted as one. */
const routeOf = ({ route, baseUrl }: Request): string => {
  const path: unknown = route?.path;
  return typeof path === 'string' ? baseUrl + path : 'none';
};
