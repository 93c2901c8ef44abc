import { type CanActivate, type ExecutionContext, ForbiddenException, Injectable } from '@nestjs/common';
import type { Request } from 'express';

/** The control API has no password; it answers to this machine alone, whatever address we listen on. */
@Injectable()
export class LoopbackGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    if (isLoopback(request.socket.remoteAddress ?? '')) return true;
    throw new ForbiddenException({
      error: 'not_loopback',
      message: 'the control API answers to loopback only',
    });
  }
}

export const isLoopback = (address: string): boolean =>
  address === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address);
