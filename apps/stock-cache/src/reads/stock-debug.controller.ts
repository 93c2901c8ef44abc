import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { forSale, type LevelRef, type Naming, readLevel } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection, lastMessage } from '@tallystream/jetstream';
import { storedEvent } from '@tallystream/ledger';
import { CONFIG, type Config, NAMING, NeedsRole } from '@tallystream/platform';
import { Database, findBalance } from '@tallystream/projection-store';
import type { StockCache } from '@tallystream/redis';
import { ZodResponse } from 'nestjs-zod';
import { READ_CACHE } from '../tokens';
import { DebugDto, DebugQuery, servers } from './stock.dto';
import { UnifiedStock } from './unified-stock';

@ApiTags('stock')
@NeedsRole('reader')
@Controller('debug/stock')
export class StockDebugController {
  constructor(
    private readonly stock: UnifiedStock,
    private readonly database: Database,
    @Inject(READ_CACHE) private readonly cache: StockCache,
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get()
  @ApiOperation({ summary: 'What each store says of the stock of an item, and what reads answer' })
  @ZodResponse({ status: 200, type: DebugDto })
  async compare(@Query() { itemId, warehouse = this.config.SALES_WAREHOUSE_ID }: DebugQuery) {
    const ref = { itemId, warehouseId: warehouse };
    const [redis, postgres, nats, [answer]] = await Promise.all([
      asked(this.inRedis(ref)),
      asked(this.inPostgres(ref)),
      asked(this.inLedger(ref)),
      this.stock.read([itemId], { warehouse }),
    ]);
    const { stock: apiStock, source } = answer ?? { stock: null, source: 'unavailable' };
    const stores = [redis, postgres, nats];
    const said = stores.flatMap((store) => (store ? [store.stock] : []));
    return {
      itemId,
      warehouse,
      cachedStock: redis?.stock ?? null,
      balanceStock: postgres?.stock ?? null,
      ledgerStock: nats?.stock ?? null,
      apiStock,
      source,
      agree: said.every((stock) => stock === apiStock),
      away: servers.filter((_, place) => !stores[place]),
    };
  }

  /** As other programs read it: of the sales warehouse, the bare number. */
  private async inRedis({ itemId, warehouseId }: LevelRef): Promise<number | null> {
    if (warehouseId === this.config.SALES_WAREHOUSE_ID)
      return (await this.cache.publicNumber(itemId)) ?? null;
    const level = await this.cache.publicLevel(itemId, warehouseId);
    return level ? forSale(level) : null;
  }

  private async inPostgres(ref: LevelRef): Promise<number | null> {
    const balance = await findBalance(this.database, ref);
    return balance ? forSale(balance) : null;
  }

  private async inLedger(ref: LevelRef): Promise<number | null> {
    const subject = this.naming.levelSubject(ref);
    const newest = await lastMessage(this.connection, this.naming.stream('STOCK'), subject);
    const event = newest && storedEvent(newest).event;
    return event?.type === 'StockChanged' ? forSale(readLevel(event.data)) : null;
  }
}

/** What a server says; nothing when it cannot be asked. */
const asked = async (
  question: Promise<number | null>,
): Promise<Readonly<{ stock: number | null }> | undefined> =>
  question.then(
    (stock) => ({ stock }),
    () => undefined,
  );
