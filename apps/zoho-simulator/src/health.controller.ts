import { Controller, Get } from '@nestjs/common';

/** It listens only once its state is replayed: to answer is to be ready. */
@Controller('health')
export class HealthController {
  @Get(['live', 'ready'])
  health() {
    return { status: 'ok' };
  }
}
