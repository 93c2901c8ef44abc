import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { RequestHandler } from 'express';
import helmet, { type HelmetOptions } from 'helmet';

/** Helmet's headers. They are the same for every answer, so it is asked for them once. */
export const securityHeaders = (options: Readonly<HelmetOptions>): RequestHandler => {
  const model = new ServerResponse(new IncomingMessage(new Socket()));
  helmet(options)(model.req, model, (error) => {
    if (error) throw error;
  });
  const headers = Object.entries(model.getHeaders()).map(([name, value]) => [name, String(value)] as const);
  return (_request, response, next) => {
    for (const [name, value] of headers) response.setHeader(name, value);
    next();
  };
};
