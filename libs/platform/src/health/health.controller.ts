import { Controller, Get, Header, HttpCode, Res } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { register } from 'prom-client';
import { Open } from '../auth/role-guard';
import { Health } from './health';

@ApiTags('health')
@Open()
@Controller()
export class HealthController {
  constructor(private readonly health: Health) {}

  @Get('health/live')
  @HttpCode(200)
  @ApiOperation({ summary: 'The process runs' })
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  @Get('health/ready')
  @ApiOperation({ summary: 'Each part of the process can do its work, or says what it lacks (503)' })
  async ready(@Res() response: Response): Promise<void> {
    const { ready, parts } = await this.health.check();
    response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not ready', parts });
  }

  @Get('metrics')
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiExcludeEndpoint()
  metrics(): Promise<string> {
    return register.metrics();
  }
}
