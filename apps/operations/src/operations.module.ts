import { Inject, type MiddlewareConsumer, Module, type NestModule, type OnModuleInit } from '@nestjs/common';
import { JETSTREAM, type JetStreamConnection, probeNats } from '@tallystream/jetstream';
import { Health, jsonBody } from '@tallystream/platform';
import { DeadLetterDecisions } from './dead-letters/dead-letter-decisions';
import { DeadLetterStates } from './dead-letters/dead-letter-states';
import { DeadLetters } from './dead-letters/dead-letters';
import { DeadLettersController } from './dead-letters/dead-letters.controller';
import { RetryAll } from './dead-letters/retry-all';
import { Pace } from './pace';
import { OperationRunner } from './runs/operation-runner';
import { OperationRuns } from './runs/operation-runs';

/** What operators can do on the night it matters. */
@Module({
  controllers: [DeadLettersController],
  providers: [
    OperationRuns,
    OperationRunner,
    Pace,
    DeadLetterStates,
    DeadLetters,
    DeadLetterDecisions,
    RetryAll,
  ],
})
export class OperationsModule implements NestModule, OnModuleInit {
  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    private readonly health: Health,
  ) {}

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(...jsonBody()).forRoutes(DeadLettersController);
  }

  onModuleInit(): void {
    const askNats = probeNats(this.connection);
    this.health.register('operations', async () => {
      const nats = await askNats();
      return { status: nats.status, dependencies: { nats } };
    });
  }
}
