import 'reflect-metadata';
import { AccessModule } from '@tallystream/access';
import { JetStreamModule, JetStreamServer } from '@tallystream/jetstream';
import { startApp } from '@tallystream/platform';
import { AuditTrailModule } from '../../audit-trail/src/audit-trail.module';
import { BalancesModule } from '../../balances/src/balances.module';
import { IngressModule } from '../../ingress/src/ingress.module';
import { OperationsModule } from '../../operations/src/operations.module';
import { ReconcilerModule } from '../../reconciler/src/reconciler.module';
import { StockCacheModule } from '../../stock-cache/src/stock-cache.module';

void startApp({
  name: 'standalone',
  needs: ['NATS_URL', 'DATABASE_URL', 'REDIS_URL', 'SALES_WAREHOUSE_ID'],
  modules: [
    JetStreamModule,
    AccessModule,
    IngressModule,
    BalancesModule,
    StockCacheModule,
    AuditTrailModule,
    ReconcilerModule,
    OperationsModule,
  ],
  transport: JetStreamServer,
});
