import type { DependencyHealth, PartHealth } from '@tallystream/platform';

/** Reads are served while one store is there; what is missing is said in words. */
export const stockHealth = (
  dependencies: Readonly<Record<'redis' | 'postgres' | 'nats', DependencyHealth>>,
): PartHealth => {
  const isAway = (name: keyof typeof dependencies) => dependencies[name].status === 'down';
  if (isAway('redis') && isAway('postgres')) {
    return { status: 'down', detail: 'neither Redis nor Postgres can be read', dependencies };
  }
  const detail = [
    ...(isAway('redis') ? ['reads come from Postgres'] : []),
    ...(isAway('postgres') ? ['reads come from Redis alone'] : []),
    ...(isAway('nats') ? ['numbers stand still'] : []),
  ].join('; ');
  return { status: detail === '' ? 'up' : 'degraded', ...(detail && { detail }), dependencies };
};
