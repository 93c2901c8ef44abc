import { stockHealth } from './stock-health';

describe('the health of stock', () => {
  const up = { status: 'up' } as const;
  const down = { status: 'down' } as const;
  const all = { redis: up, postgres: up, nats: up };

  it.each([
    ['with all there', {}, 'up', undefined],
    ['without Redis', { redis: down }, 'degraded', 'reads come from Postgres'],
    ['without Postgres', { postgres: down }, 'degraded', 'reads come from Redis alone'],
    ['without NATS', { nats: down }, 'degraded', 'numbers stand still'],
    [
      'with Redis alone',
      { postgres: down, nats: down },
      'degraded',
      'reads come from Redis alone; numbers stand still',
    ],
    [
      'without either store',
      { redis: down, postgres: down },
      'down',
      'neither Redis nor Postgres can be read',
    ],
  ])('%s', (_what, away, status, detail) => {
    const dependencies = { ...all, ...away };
    expect(stockHealth(dependencies)).toEqual({ status, ...(detail && { detail }), dependencies });
  });
});
