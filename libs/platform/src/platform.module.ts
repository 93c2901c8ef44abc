import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, Reflector } from '@nestjs/core';
import { namingFor } from '@tallystream/contracts';
import { LoggerModule } from 'nestjs-pino';
import { ZodValidationPipe } from 'nestjs-zod';
import { Gate, keeperOfSeeds } from './auth/gate';
import { RoleGuard } from './auth/role-guard';
import type { Config } from './config/variables';
import { Health } from './health/health';
import { HealthController } from './health/health.controller';
import { ProblemFilter } from './http/problem-filter';
import { loggerOptions } from './logging';

export const CONFIG = Symbol('Config');
export const NAMING = Symbol('Naming');
/** Which app the process is, for logs and operators. */
export const APP_NAME = Symbol('AppName');

@Module({})
class PlatformModule {}

/** What every process has: configuration, names, logging, access control, problem documents, health. */
export const platformModule = (config: Config, appName = 'tallystream'): DynamicModule => ({
  module: PlatformModule,
  global: true,
  imports: [LoggerModule.forRoot(loggerOptions(config.LOG_LEVEL))],
  controllers: [HealthController],
  providers: [
    Health,
    { provide: Gate, useFactory: () => new Gate(keeperOfSeeds(config.API_KEYS)) },
    { provide: CONFIG, useValue: config },
    { provide: APP_NAME, useValue: appName },
    { provide: NAMING, useValue: namingFor(config.NAMESPACE) },
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_PIPE, useClass: ZodValidationPipe },
    {
      provide: APP_GUARD,
      inject: [Reflector, Gate],
      useFactory: (reflector: Reflector, gate: Gate) => new RoleGuard(reflector, gate),
    },
  ],
  exports: [APP_NAME, CONFIG, NAMING, Health, Gate],
});
