import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { ORGANIZATION_ID } from '../organisation/warehouses';
import { SIMULATOR, type Simulator } from '../simulator';
import { pathInside } from './endpoint';
import { invalidToken, notAssociated, notAuthorized, organizationNeeded } from './zoho-answer';

/** Every call needs a token that we issued, its scope, and names the organisation, unless it asks for that. */
@Injectable()
export class ZohoGuard implements CanActivate {
  constructor(@Inject(SIMULATOR) private readonly simulator: Simulator) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    const [scheme, token = ''] = (request.headers.authorization ?? '').split(' ');
    const { accounts, clock } = this.simulator;
    if (scheme !== 'Zoho-oauthtoken' || !accounts.isValid(token, clock.milliseconds())) throw invalidToken();
    const path = pathInside(request.path);
    if (!accounts.allows(path)) throw notAuthorized();
    if (path === 'organizations') return true;
    const asked = request.query.organization_id;
    if (asked === undefined || asked === '') throw organizationNeeded();
    if (asked !== ORGANIZATION_ID) throw notAssociated(String(asked));
    return true;
  }
}
