// @ts-check

// node deploy/local/redis-command.js get stock:123: looks into Redis without redis-cli.

const { Redis } = require('ioredis');
const { readRunEnv } = require('./run-env');

async function main() {
  const [command, ...args] = process.argv.slice(2);
  const url = process.env.REDIS_URL || readRunEnv().REDIS_URL;
  if (command === undefined)
    throw new Error('Usage: node deploy/local/redis-command.js <command> [argument…]');
  if (url === undefined) throw new Error('Nothing runs here: npm start first, or set REDIS_URL');
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => undefined); // the awaited calls say it
  try {
    await redis.connect();
    console.log(await redis.call(command, ...args));
  } finally {
    redis.disconnect();
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
