import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiExtension, ApiSecurity } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { Role } from '../config/variables';
import { type Caller, rememberCaller } from './caller';
import { credentialOf, hasKeyInUrl } from './credential';
import type { Gate, Knock } from './gate';

const ROLE = 'tallystream:role';
/** Where the OpenAPI document says it. */
const EXTENSION = 'x-required-role';

/** The weakest role that may call the route. */
export const NeedsRole = (role: Role) =>
  applyDecorators(SetMetadata(ROLE, role), ApiExtension(EXTENSION, role));
/** Open to everyone, or guarded by other means, such as a signature. */
export const Open = () =>
  applyDecorators(SetMetadata(ROLE, 'open'), ApiExtension(EXTENSION, 'open'), ApiSecurity({}));

/** What these may call are reads, and reads are limited. */
const readers: readonly Role[] = ['reader', 'auditor'];

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
    const knock = knockOf(request, needs);
    if (hasKeyInUrl(request.originalUrl)) throw this.gate.refuse(knock, 'key_in_url');
    const caller = await this.gate.admit(knock);
    if (readers.includes(needs))
      this.countRead(context.switchToHttp().getResponse<Response>(), caller, knock);
    rememberCaller(request, caller);
    return true;
  }

  private countRead(response: Response, caller: Caller, knock: Knock): void {
    const allowance = this.gate.countRead(caller);
    if (!allowance) return;
    response.setHeader('RateLimit-Limit', allowance.limit);
    response.setHeader('RateLimit-Remaining', allowance.remaining);
    response.setHeader('RateLimit-Reset', allowance.resetSeconds);
    if (!allowance.isAllowed) throw this.gate.refuse(knock, 'too_many_reads', caller, allowance);
  }
}

const knockOf = (request: Request, needs: Role): Knock => ({
  credential: credentialOf(request),
  needs,
  // Looked up for who is refused alone: an address behind proxies takes longer to find than the key.
  get route() {
    return `${request.method} ${request.route?.path}`;
  },
  get address() {
    return request.ip;
  },
});
