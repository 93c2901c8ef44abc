import type { Server } from 'node:http';
import {
  type DynamicModule,
  type INestApplication,
  type InjectionToken,
  RequestMethod,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { RequestHandler } from 'express';
import { Logger } from 'nestjs-pino';
import { cleanupOpenApiDoc } from 'nestjs-zod';
import { collectDefaultMetrics } from 'prom-client';
import { configOrExit } from './config/load-config';
import type { VariableName } from './config/variables';
import { timeRequests } from './http/request-metrics';
import { securityHeaders } from './http/security-headers';
import { platformModule } from './platform.module';
import { keepHeapTight } from './tight-heap';

export type AppParts = Readonly<{
  name: string;
  /** Variables that must be set. */
  needs: readonly VariableName[];
  modules: readonly (Type | DynamicModule)[];
  /** Where the transport lies that feeds the handlers; absent: HTTP only. */
  transport?: InjectionToken;
}>;

/** Starts a process of Tallystream: HTTP at once, consumers as soon as their servers are there. */
export const startApp = async ({ name, needs, modules, transport }: AppParts): Promise<void> => {
  keepHeapTight();
  const config = configOrExit(needs);
  collectDefaultMetrics();
  const root: DynamicModule = { module: class App {}, imports: [platformModule(config, name), ...modules] };
  const app = await NestFactory.create<NestExpressApplication>(root, {
    bufferLogs: true,
    // Each controller takes the body as it needs it: webhooks as raw bytes.
    bodyParser: false,
  });
  const logger = app.get(Logger);
  app.useLogger(logger);
  app.set('query parser', 'simple');
  app.disable('x-powered-by');
  app.use(timeRequests);
  app.use(partWhenStopping(app.getHttpServer()));
  // Behind a proxy of ours, the log of refusals names who asked the proxy.
  app.set('trust proxy', 'loopback, linklocal, uniquelocal');
  app.use(securityHeaders({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } }));
  app.setGlobalPrefix('api', {
    exclude: ['health/live', 'health/ready', 'metrics'].map((path) => ({ path, method: RequestMethod.GET })),
  });
  serveDocs(app, name);
  app.use(rootToDocs);
  // On every signal; 0 says that all was put in order. Otherwise the signal would be raised again, and look like a kill.
  app.enableShutdownHooks([], { useProcessExit: true });
  if (transport !== undefined) {
    app.connectMicroservice({ strategy: app.get<CustomTransportStrategy>(transport) });
    await app.startAllMicroservices();
  }
  await app.listen(config.PORT, config.HOST).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${name} cannot listen on ${config.HOST}:${config.PORT}: ${reason}\n`);
    process.exit(1);
  });
  logger.log(`${name} listens on ${await app.getUrl()}`);
};

/** A kept connection whose client always has something to ask would keep a stopping process alive. */
const partWhenStopping =
  (server: Server): RequestHandler =>
  (_, response, next) => {
    if (!server.listening) response.setHeader('Connection', 'close');
    next();
  };

/** Whoever opens the address in a browser wants to read. */
const rootToDocs: RequestHandler = ({ path, method }, response, next) =>
  path === '/' && method === 'GET' ? response.redirect('/docs') : next();

const serveDocs = (app: INestApplication, name: string): void => {
  const outline = new DocumentBuilder()
    .setTitle(`Tallystream ${name}`)
    .setVersion('0.1.0')
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'API key' })
    .addGlobalResponse({
      status: 'default',
      description: 'A problem document (RFC 9457): application/problem+json',
    })
    .addSecurityRequirements('bearer')
    .build();
  const document = () => cleanupOpenApiDoc(SwaggerModule.createDocument(app, outline));
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'docs/openapi.json',
    useGlobalPrefix: false,
  });
};
