import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiSecurity } from '@nestjs/swagger';
import type { Request } from 'express';
import type { Role } from '../config/variables';
import { rememberCaller } from './caller';
import type { Gate } from './gate';

const ROLE = 'tallystream:role';

/** The weakest role that may call the route. */
export const NeedsRole = (role: Role) => SetMetadata(ROLE, role);
/** Open to everyone, or guarded by other means, such as a signature. */
export const Open = () => applyDecorators(SetMetadata(ROLE, 'open'), ApiSecurity({}));

@Injectable()
export class RoleGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly gate: Gate,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    // A route that names no role asks for the strongest: forgetting must not open a door.
    const needs = this.reflector.getAllAndOverride<Role | 'open' | undefined>(ROLE, targets) ?? 'admin';
    if (needs === 'open') return true;
    const request = context.switchToHttp().getRequest<Request>();
    rememberCaller(request, await this.gate.admit({ credential: keyOf(request), needs }));
    return true;
  }
}

const keyOf = (request: Request): string | undefined =>
  /^Bearer (\S+)$/i.exec(request.get('authorization') ?? '')?.[1] ?? request.get('x-api-key');
