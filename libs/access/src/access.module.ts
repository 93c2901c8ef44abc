import { Inject, Logger, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection, probeNats } from '@tallystream/jetstream';
import { CONFIG, type Config, Gate, type Gatekeeper, Health, NAMING } from '@tallystream/platform';
import { openRedis, type Redis } from '@tallystream/redis';
import { ApiKeys } from './keys/api-keys';
import { readLimits } from './read-limits';
import { looksLikeToken, type Tokens, tokensOf } from './tokens/tokens';

const TOKENS = Symbol('Tokens');
const REDIS = Symbol('Redis of the read limits');

/** Who may come in, and how often: keys, tokens, limits. Every app that serves HTTP has it. */
@Module({
  providers: [
    ApiKeys,
    {
      provide: TOKENS,
      inject: [CONFIG],
      useFactory: (config: Config) => {
        const logger = new Logger('access');
        return tokensOf(config, (message) => logger.warn(message));
      },
    },
    {
      provide: REDIS,
      inject: [CONFIG],
      // An app that has no Redis counts the reads of its own process.
      useFactory: ({ REDIS_URL }: Partial<Config>) => (REDIS_URL ? openRedis(REDIS_URL) : undefined),
    },
  ],
  exports: [ApiKeys],
})
export class AccessModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly gate: Gate,
    private readonly health: Health,
    private readonly keys: ApiKeys,
    @Inject(TOKENS) private readonly tokens: Tokens | undefined,
    @Inject(REDIS) private readonly redis: Redis | undefined,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(NAMING) private readonly naming: Naming,
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
  ) {}

  onModuleInit(): void {
    const { keys, redis, naming } = this;
    this.gate.entrustTo(
      keeperOf(keys, this.tokens, readLimits(this.config.READS_PER_MINUTE, redis && { redis, naming })),
    );
    const askNats = probeNats(this.connection);
    this.health.register('access', async () => {
      const nats = await askNats();
      if (!keys.isReady())
        return { status: 'down', detail: 'the API keys have not been read yet', dependencies: { nats } };
      // Keys go on; only of those that are made or revoked meanwhile nobody hears.
      return { status: nats.status === 'up' ? 'up' : 'degraded', dependencies: { nats } };
    });
  }

  onApplicationShutdown(): void {
    this.tokens?.close();
    this.redis?.disconnect();
  }
}

const keeperOf = (
  keys: ApiKeys,
  tokens: Tokens | undefined,
  limits: ReturnType<typeof readLimits>,
): Gatekeeper => ({
  identify: (credential) => {
    const isToken = tokens && looksLikeToken(credential);
    // Tokens need nothing of ours, so they are taken while the keys cannot be read.
    const key = isToken && !keys.isReady() ? undefined : keys.holderOf(credential);
    if (key) return key;
    return isToken ? tokens.holderOf(credential) : { fault: 'unknown_key' };
  },
  isStillGood: (caller) => keys.isStillGood(caller) || tokens?.isStillGood(caller) === true,
  countRead: limits.count,
});
