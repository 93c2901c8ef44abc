import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { BookingsController } from './control/bookings.controller';
import { ControlController } from './control/control.controller';
import { DoorController } from './control/door.controller';
import { ItemsController as ItemsControlController } from './control/items.controller';
import { TruthController } from './control/truth.controller';
import { accountsDoor, apiDoor } from './door/door';
import { HealthController } from './health.controller';
import { DocumentsController } from './rest/documents.controller';
import { ItemsController } from './rest/items.controller';
import { OauthController } from './rest/oauth.controller';
import { SettingsController } from './rest/settings.controller';
import { SIMULATOR, type Simulator } from './simulator';

@Module({
  controllers: [
    OauthController,
    ItemsController,
    SettingsController,
    // After the others of the API: its paths begin with any word.
    DocumentsController,
    ControlController,
    TruthController,
    DoorController,
    ItemsControlController,
    BookingsController,
    HealthController,
  ],
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
  app.set('etag', false); // Zoho has none, and hashing a page costs as much as making it.
  app.use((_request: Request, response: Response, next: NextFunction) => {
    response.setHeader('Date', new Date(simulator.clock.milliseconds()).toUTCString());
    next();
  });
  app.use(['/inventory/v1', '/books/v3'], apiDoor(simulator));
  app.use('/oauth/v2', accountsDoor(simulator));
  return app;
};
