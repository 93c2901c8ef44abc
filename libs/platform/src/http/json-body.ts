import { Problem } from '@tallystream/contracts';
import { json, type NextFunction, type Request, type RequestHandler, type Response } from 'express';

/**
 * Bodies are JSON or absent. Of another type they are refused: what is not read would count as absent, and start
 * a run with parameters that nobody chose.
 * @param limit as `64kb`
 */
export const jsonBody = (limit: string): readonly RequestHandler[] => [onlyJson, json({ limit })];

const onlyJson = (request: Request, _response: Response, next: NextFunction): void => {
  const hasBody = request.headers['transfer-encoding'] !== undefined || contentLength(request) > 0;
  if (!hasBody || request.is('json')) next();
  else next(new Problem('unsupported_media_type', 'The body must be JSON (Content-Type: application/json).'));
};

const contentLength = (request: Request): number => Number(request.headers['content-length'] ?? 0);
