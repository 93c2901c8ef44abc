import 'reflect-metadata';
import { JetStreamModule, JetStreamServer } from '@tallystream/jetstream';
import { startApp } from '@tallystream/platform';
import { ProvisionerModule } from './provisioner.module';

void startApp({
  name: 'provisioner',
  needs: ['NATS_URL', 'DATABASE_URL'],
  modules: [JetStreamModule, ProvisionerModule],
  // Without a handler: what is left of it sets the streams up, and compares them every minute.
  transport: JetStreamServer,
});
