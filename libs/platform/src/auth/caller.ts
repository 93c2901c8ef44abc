import type { Request } from 'express';
import type { Caller } from './api-keys';

const callers = new WeakMap<Request, Caller>();

/** Remembered by the guard for the length of a request. */
export const rememberCaller = (request: Request, caller: Caller): void => {
  callers.set(request, caller);
};

/** The name of the key that a request came with, for whatever notes who asked; `anonymous` on open routes. */
export const callerOf = (request: Request): string => callers.get(request)?.name ?? 'anonymous';
