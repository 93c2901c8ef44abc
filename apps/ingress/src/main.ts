import 'reflect-metadata';
import { AccessModule } from '@tallystream/access';
import { JetStreamModule, JetStreamServer } from '@tallystream/jetstream';
import { startApp } from '@tallystream/platform';
import { IngressModule } from './ingress.module';

void startApp({
  name: 'ingress',
  needs: ['NATS_URL', 'DATABASE_URL'],
  modules: [JetStreamModule, AccessModule, IngressModule],
  transport: JetStreamServer,
});
