import 'reflect-metadata';
import { Body, Controller, Get, HttpCode, Module, Param, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { namingFor } from '@tallystream/contracts';
import Redis from 'ioredis';

// The floor: the same MGET, the same answer, and nothing else: no key, no limit, no check of what is asked, no other
// store when Redis does not answer. With NUMBERS=true the plainest of all: one number per item, as other programs
// read it.

const { REDIS_URL = '', NAMESPACE = '', PORT, SALES_WAREHOUSE_ID: warehouseId = '', NUMBERS } = process.env;
const key = namingFor(NAMESPACE).redisKey;
const redis = new Redis(REDIS_URL);

const levels = async (itemIds: readonly string[]) => {
  const [, ...packed] = await redis.mget(
    key('stock-cache:checkpoint'),
    ...itemIds.map((itemId) => key(`stock-cache:level:${itemId}:${warehouseId}`)),
  );
  return itemIds.map((itemId, n) => {
    const [onHand, committed, physicalOnHand, physicalCommitted, inTransit, reserved, revision, , , , asOf] =
      JSON.parse(packed[n] ?? '');
    return {
      itemId,
      warehouseId,
      stock: onHand - committed - reserved,
      source: 'cache',
      quantities: { onHand, committed, physicalOnHand, physicalCommitted, inTransit, reserved },
      revision,
      asOf,
    };
  });
};

const numbers = async (itemIds: readonly string[]) => {
  const found = await redis.mget(itemIds.map((itemId) => key(`stock:${itemId}`)));
  return itemIds.map((itemId, n) => ({ itemId, stock: Number(found[n]) }));
};

const read = NUMBERS === 'true' ? numbers : levels;

@Controller()
class BareController {
  @Get('health/ready')
  ready() {
    return {};
  }

  @Get('api/stock/:itemId')
  async one(@Param('itemId') itemId: string) {
    return (await read([itemId]))[0];
  }

  @Post('api/stock/bulk')
  @HttpCode(200)
  async bulk(@Body() { itemIds }: { itemIds: readonly string[] }) {
    return { items: Object.fromEntries((await read(itemIds)).map((answer) => [answer.itemId, answer])) };
  }
}

@Module({ controllers: [BareController] })
class BareApp {}

const start = async () => {
  const app = await NestFactory.create(BareApp, { logger: ['error', 'warn'] });
  app.enableShutdownHooks();
  await app.listen(Number(PORT), '127.0.0.1');
};

void start();
