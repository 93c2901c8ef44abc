import { NestFactory } from '@nestjs/core';
import {
  JETSTREAM,
  type JetStreamConnection,
  JetStreamModule,
  JetStreamServer,
} from '@tallystream/jetstream';
import { loadConfig, platformModule } from '@tallystream/platform';
import { OperationsModule } from '../operations.module';

const KEYS = { operator: 'operator-key-of-the-test', auditor: 'auditor-key-of-the-test' } as const;

export type Servers = Readonly<{ natsUrl: string; databaseUrl: string; redisUrl: string }>;

/** The operations app with real servers, and a client of its API. */
export const startOperations = async (servers: Servers, namespace: string) => {
  const config = loadConfig([], {
    NATS_URL: servers.natsUrl,
    DATABASE_URL: servers.databaseUrl,
    REDIS_URL: servers.redisUrl,
    NAMESPACE: namespace,
    SALES_WAREHOUSE_ID: 'main',
    API_KEYS: `night:operator:${KEYS.operator},books:auditor:${KEYS.auditor}`,
    LOG_LEVEL: 'silent',
  });
  const root = { module: class App {}, imports: [platformModule(config), JetStreamModule, OperationsModule] };
  const app = await NestFactory.create(root, { logger: false, bodyParser: false });
  app.connectMicroservice({ strategy: app.get(JetStreamServer) });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const connection: JetStreamConnection = app.get(JETSTREAM);
  await connection.ready();

  const ask = async <T = Record<string, unknown>>(
    path: string,
    { body, role = 'operator', headers = {} }: AskOptions = {},
  ): Promise<Answer<T>> => {
    const response = await fetch(`${url}/ops/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${KEYS[role]}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? '' : JSON.parse(text) };
  };
  return { app, connection, ask, close: () => app.close() };
};

export type Operations = Awaited<ReturnType<typeof startOperations>>;

type AskOptions = Readonly<{
  /** Posted as JSON; absent: a GET. */
  body?: object;
  role?: keyof typeof KEYS;
  headers?: Readonly<Record<string, string>>;
}>;

type Answer<T> = Readonly<{ status: number; headers: Headers; body: T }>;
