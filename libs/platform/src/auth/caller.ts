import type { Request } from 'express';
import { type Role, roles } from '../config/variables';

/** Who calls: the bearer of an API key, or of a token of the issuer. */
export type Caller = Readonly<{
  /** Tells callers apart, whose names may be the same. */
  id: string;
  /** What is noted of whoever asked. */
  name: string;
  /** `none`: known to the issuer, and has no role of ours. */
  role: Role | 'none';
  /** Absent: as many as everyone. */
  readsPerMinute?: number;
}>;

/** Each role may do what the ones before it may; `none` nothing. */
export const isAtLeast = (role: Caller['role'], needed: Role): boolean =>
  role !== 'none' && roles.indexOf(role) >= roles.indexOf(needed);

const callers = new WeakMap<Request, Caller>();

/** Remembered by the guard for the length of a request. */
export const rememberCaller = (request: Request, caller: Caller): void => {
  callers.set(request, caller);
};

/** Who the guard let in; nobody on open routes. */
export const rememberedCaller = (request: Request): Caller | undefined => callers.get(request);

/** The name of whom a request came from, for whatever notes who asked; `anonymous` on open routes. */
export const callerOf = (request: Request): string => callers.get(request)?.name ?? 'anonymous';
