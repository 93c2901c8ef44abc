import 'reflect-metadata';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApp } from './app.module';
import { BadConfig, parseConfig } from './config';
import { UnusableStateFile } from './journal/journal';
import { openSimulator, type Simulator } from './simulator';

const GRACE_MS = 5000;

const main = async (): Promise<void> => {
  const config = parseConfig(process.env);
  const simulator = openSimulator(config, Date.now);
  const app = await createApp(simulator);
  await app.listen(config.port, config.host);
  process.stdout.write(
    `zoho-simulator: ${simulator.organisation.items.length} items, ${await app.getUrl()}\n`,
  );
  stopOnSignal(app, simulator);
};

/** Takes no more, lets the webhooks in flight end, and goes. */
const stopOnSignal = (app: NestExpressApplication, simulator: Simulator): void => {
  const stop = async (): Promise<void> => {
    const server = app.getHttpServer();
    server.close();
    await simulator.close(GRACE_MS);
    await app.close();
    process.exit(0);
  };
  process.once('SIGTERM', () => void stop());
  process.once('SIGINT', () => void stop());
};

const faultIn = (error: unknown): string | undefined => {
  if (error instanceof BadConfig) return error.message;
  if (error instanceof UnusableStateFile)
    return `SIMULATOR_STATE_FILE ${error.message}; example: SIMULATOR_STATE_FILE=.local/zoho.ndjson`;
  return error instanceof Error ? error.stack : String(error);
};

main().catch((error: unknown) => {
  process.stderr.write(`zoho-simulator: ${faultIn(error)}\n`);
  process.exit(1);
});
