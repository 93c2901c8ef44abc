import { Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { z } from 'zod';
import { SIMULATOR, type Simulator } from '../simulator';

const parameters = z.object({
  grant_type: z.literal('refresh_token'),
  client_id: z.string().min(1),
  client_secret: z.string().min(1),
  refresh_token: z.string().min(1),
});

/** The accounts server. What is missing or wrong is refused as Zoho does, in a 200. */
@Controller('oauth/v2')
export class OauthController {
  constructor(@Inject(SIMULATOR) private readonly simulator: Simulator) {}

  @Post('token')
  @HttpCode(200)
  token(@Req() request: Request) {
    const { accounts, clock } = this.simulator;
    const now = clock.milliseconds();
    if (accounts.knock(now)) return denied;
    const form: unknown = request.body;
    const given = parameters.safeParse({ ...request.query, ...(typeof form === 'object' ? form : {}) });
    if (!given.success) return { error: errorFor(given.error) };
    const answer = accounts.issue(given.data, now);
    if ('error' in answer) return answer;
    return {
      access_token: answer.token,
      scope: 'ZohoInventory.FullAccess.all',
      api_domain: `${request.protocol}://${request.headers.host ?? ''}`,
      token_type: 'Bearer',
      expires_in: answer.lifeSeconds,
    };
  }
}

const denied = {
  error_description: 'Too many requests were made in a row. Try again after some time.',
  error: 'Access Denied',
  status: 'failure',
};

const errorFor = (error: z.ZodError): string => {
  const missing = error.issues.map((issue) => String(issue.path[0]));
  if (missing.includes('grant_type')) return 'invalid_grant';
  if (missing.includes('client_id')) return 'invalid_client';
  return missing.includes('client_secret') ? 'invalid_client_secret' : 'invalid_code';
};
