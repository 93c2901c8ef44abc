import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { ORGANIZATION_ID } from '../organisation/warehouses';
import { SIMULATOR, type Simulator } from '../simulator';
import { isTokenValid } from './access-token';
import { invalidToken, notAuthorized } from './zoho-answer';

/** Every call needs a token that we issued and names the organisation. */
@Injectable()
export class ZohoGuard implements CanActivate {
  constructor(@Inject(SIMULATOR) private readonly simulator: Simulator) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    const [scheme, token = ''] = (request.headers.authorization ?? '').split(' ');
    const { seed, clock } = this.simulator;
    if (scheme !== 'Zoho-oauthtoken' || !isTokenValid(seed, clock.milliseconds(), token))
      throw invalidToken();
    if (request.query.organization_id !== ORGANIZATION_ID) throw notAuthorized();
    return true;
  }
}
