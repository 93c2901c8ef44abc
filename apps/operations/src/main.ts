import 'reflect-metadata';
import { JetStreamModule, JetStreamServer } from '@tallystream/jetstream';
import { startApp } from '@tallystream/platform';
import { OperationsModule } from './operations.module';

void startApp({
  name: 'operations',
  needs: ['NATS_URL', 'DATABASE_URL', 'REDIS_URL', 'SALES_WAREHOUSE_ID'],
  modules: [JetStreamModule, OperationsModule],
  transport: JetStreamServer,
});
