import 'reflect-metadata';
import { JetStreamModule, JetStreamServer } from '@tallystream/jetstream';
import { startApp } from '@tallystream/platform';
import { IngressModule } from './ingress.module';

void startApp({
  name: 'ingress',
  needs: ['NATS_URL', 'DATABASE_URL'],
  modules: [JetStreamModule, IngressModule],
  transport: JetStreamServer,
});
