import 'reflect-metadata';
import { JetStreamModule, JetStreamServer } from '@tallystream/jetstream';
import { startApp } from '@tallystream/platform';
import { AuditTrailModule } from './audit-trail.module';

void startApp({
  name: 'audit-trail',
  needs: ['NATS_URL', 'DATABASE_URL'],
  modules: [JetStreamModule, AuditTrailModule],
  transport: JetStreamServer,
});
