import 'reflect-metadata';
import { AccessModule } from '@tallystream/access';
import { JetStreamModule, JetStreamServer } from '@tallystream/jetstream';
import { startApp } from '@tallystream/platform';
import { StockCacheModule } from './stock-cache.module';

void startApp({
  name: 'stock-cache',
  needs: ['NATS_URL', 'DATABASE_URL', 'REDIS_URL', 'SALES_WAREHOUSE_ID'],
  modules: [JetStreamModule, AccessModule, StockCacheModule],
  transport: JetStreamServer,
});
