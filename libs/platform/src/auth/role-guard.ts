import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiSecurity } from '@nestjs/swagger';
import { Problem } from '@tallystream/contracts';
import type { Request } from 'express';
import type { Role } from '../config/variables';
import { type Caller, isAtLeast } from './api-keys';
import { rememberCaller } from './caller';

const ROLE = 'tallystream:role';

/** The weakest role that may call the route. */
export const NeedsRole = (role: Role) => SetMetadata(ROLE, role);
/** Open to everyone, or guarded by other means, such as a signature. */
export const Open = () => applyDecorators(SetMetadata(ROLE, 'open'), ApiSecurity({}));

@Injectable()
export class RoleGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly callerOf: (key: string) => Caller | undefined,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const targets = [context.getHandler(), context.getClass()];
    // A route that names no role asks for the strongest: forgetting must not open a door.
    const needed = this.reflector.getAllAndOverride<Role | 'open' | undefined>(ROLE, targets) ?? 'admin';
    if (needed === 'open') return true;
    const request = context.switchToHttp().getRequest<Request>();
    const key = keyOf(request);
    const caller = key === undefined ? undefined : this.callerOf(key);
    if (!caller) throw new Problem('unauthorized', 'Send an API key as "Authorization: Bearer <key>".');
    if (!isAtLeast(caller.role, needed)) {
      throw new Problem(
        'forbidden',
        `This needs the role ${needed}; the key "${caller.name}" has ${caller.role}.`,
      );
    }
    rememberCaller(request, caller);
    return true;
  }
}

const keyOf = (request: Request): string | undefined =>
  /^Bearer (\S+)$/i.exec(request.get('authorization') ?? '')?.[1] ?? request.get('x-api-key');
