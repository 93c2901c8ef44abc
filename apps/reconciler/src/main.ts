import 'reflect-metadata';
import { AccessModule } from '@tallystream/access';
import { JetStreamModule, JetStreamServer } from '@tallystream/jetstream';
import { startApp } from '@tallystream/platform';
import { ReconcilerModule } from './reconciler.module';

void startApp({
  name: 'reconciler',
  needs: ['NATS_URL', 'DATABASE_URL', 'REDIS_URL'],
  modules: [JetStreamModule, AccessModule, ReconcilerModule],
  transport: JetStreamServer,
});
