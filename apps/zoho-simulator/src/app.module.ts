import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { BookingsController } from './control/bookings.controller';
import { ControlController } from './control/control.controller';
import { HealthController } from './health.controller';
import { OauthController } from './rest/oauth.controller';
import { ZohoController } from './rest/zoho.controller';
import { SIMULATOR, type Simulator } from './simulator';

@Module({
  controllers: [OauthController, ZohoController, ControlController, BookingsController, HealthController],
})
export class AppModule {}

const around = (simulator: Simulator): DynamicModule => ({
  module: AppModule,
  providers: [{ provide: SIMULATOR, useValue: simulator }],
});

/** The HTTP side of a simulator, not yet listening. */
export const createApp = async (simulator: Simulator): Promise<NestExpressApplication> => {
  const app = await NestFactory.create<NestExpressApplication>(around(simulator), {
    logger: ['error', 'warn'],
  });
  app.use((_request: Request, response: Response, next: NextFunction) => {
    response.setHeader('Date', new Date(simulator.clock.milliseconds()).toUTCString());
    next();
  });
  return app;
};
