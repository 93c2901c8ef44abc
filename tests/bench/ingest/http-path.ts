import 'reflect-metadata';
import { JetStreamModule } from '@tallystream/jetstream';
import { startApp } from '@tallystream/platform';
import { IngressModule } from '../../../apps/ingress/src/ingress.module';

// apps/ingress without a transport: its whole HTTP path, and no consumer.

void startApp({
  name: 'ingress, HTTP path alone',
  needs: ['NATS_URL', 'DATABASE_URL'],
  modules: [JetStreamModule, IngressModule],
});
