import { Problem } from '@tallystream/contracts';
import { json, type NextFunction, type Request, type RequestHandler, type Response } from 'express';

const MAX_BODY = '64kb';

/**
 * Bodies are JSON or absent. Of another type they are refused: what is not read would count as absent, and start
 * a run with parameters that nobody chose.
 */
export const jsonBody = (): readonly RequestHandler[] => [onlyJson, json({ limit: MAX_BODY })];

const onlyJson = (request: Request, _response: Response, next: NextFunction): void => {
  const hasBody = request.headers['transfer-encoding'] !== undefined || contentLength(request) > 0;
  if (!hasBody || request.is('json')) next();
  else next(new Problem('unsupported_media_type', 'The body must be JSON (Content-Type: application/json).'));
};

const contentLength = (request: Request): number => Number(request.headers['content-length'] ?? 0);
