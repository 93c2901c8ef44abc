import 'reflect-metadata';
import { AccessModule } from '@tallystream/access';
import { JetStreamModule, JetStreamServer } from '@tallystream/jetstream';
import { startApp } from '@tallystream/platform';
import { AuditTrailModule } from './audit-trail.module';

void startApp({
  name: 'audit-trail',
  needs: ['NATS_URL', 'DATABASE_URL'],
  modules: [JetStreamModule, AccessModule, AuditTrailModule],
  transport: JetStreamServer,
});
