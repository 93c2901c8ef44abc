import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type MicroserviceOptions } from '@nestjs/microservices';
import { namingFor } from '@tallystream/contracts';
import { JETSTREAM, JetStreamServer, openConnection } from '@tallystream/jetstream';
import { CONFIG, loadConfig, NAMING } from '@tallystream/platform';
import { ledgerProvider } from '../../apps/ingress/src/ledger.provider';
import { ObservationRequests } from '../../apps/ingress/src/observation-requests';
import { Translator } from '../../apps/ingress/src/translator';
import { type CrashPoint, crashPoints, withCrashPoint } from './crash-points';

// A translator in a process of its own. It kills itself, as nothing else could at that very moment, when it
// comes to the point that CRASH_POINT names; the code that it runs knows nothing of it.

/** So that what it had in hand comes back within the patience of a test. */
const timing = { ackWaitMs: 1_000, pausesMs: [100, 200, 400, 800, 1_600] };
const quiet = { info: () => undefined, warn: () => undefined };

const die = (): never => {
  process.kill(process.pid, 'SIGKILL');
  // The signal comes when the process next turns to the system: not one more statement may run until then.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
};

/** The first thing that happens to a message is that the transport hands it over. */
class CrashingServer extends JetStreamServer {
  override addHandler(...[pattern, , ...rest]: Parameters<JetStreamServer['addHandler']>): void {
    super.addHandler(pattern, async () => die(), ...rest);
  }
}

const start = async (point: CrashPoint | undefined): Promise<void> => {
  const config = loadConfig(['NATS_URL'], process.env);
  const naming = namingFor(config.NAMESPACE);
  const connection = openConnection({ url: config.NATS_URL, name: 'crashing translator' }, quiet);
  const faulty = withCrashPoint(connection, naming, point, { die });

  @Module({
    controllers: [Translator],
    providers: [
      { provide: CONFIG, useValue: config },
      { provide: NAMING, useValue: naming },
      { provide: JETSTREAM, useValue: faulty },
      ledgerProvider,
      ObservationRequests,
    ],
  })
  class CrashingApp {}

  const Strategy = point === 'before the message is read' ? CrashingServer : JetStreamServer;
  const fatal = (error: Error): never => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  };
  const strategy = new Strategy({ connection, naming, timing, fatal });
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(CrashingApp, {
    strategy,
    logger: false,
  });
  await app.listen();
  process.once('SIGTERM', () => void app.close().then(() => process.exit(0)));
};

void start(crashPoints.find((point) => point === process.env.CRASH_POINT));
