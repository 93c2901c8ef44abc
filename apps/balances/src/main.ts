import 'reflect-metadata';
import { AccessModule } from '@tallystream/access';
import { JetStreamModule, JetStreamServer } from '@tallystream/jetstream';
import { startApp } from '@tallystream/platform';
import { BalancesModule } from './balances.module';

void startApp({
  name: 'balances',
  needs: ['NATS_URL', 'DATABASE_URL'],
  modules: [JetStreamModule, AccessModule, BalancesModule],
  transport: JetStreamServer,
});
