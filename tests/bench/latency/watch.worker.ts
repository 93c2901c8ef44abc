import { setTimeout as pause } from 'node:timers/promises';
import { namingFor } from '@tallystream/contracts';
import Redis from 'ioredis';
import { Client } from 'pg';
import { sharedNow } from '../ingest/load';
import { serve } from '../worker';

/** A store was seen at a position of the stream, at a time: never before it was there, up to a poll later. */
export type Sighting = Readonly<{ at: number; seq: number }>;
export const stores = ['Redis', 'Postgres', 'audit'] as const;
export type StoreName = (typeof stores)[number];
export type Sightings = Readonly<Record<StoreName, readonly Sighting[]>>;

export type Place = Readonly<{ redisUrl: string; databaseUrl: string; namespace: string }>;

/** Between an answer and the next question: a poll costs each store less than a hundredth of a core. */
const POLL_MS = 4;

let watching: { stop: () => Promise<Seen> } | undefined;

type Seen = Readonly<{ sightings: Sightings /** Milliseconds between polls. */; gaps: readonly number[] }>;

const tasks = {
  /** Looks where each store stands, again and again: its checkpoint moves in one step with its rows. */
  begin: async (place: Place): Promise<void> => {
    watching = await watch(place);
  },
  end: async (): Promise<Seen> => {
    if (!watching) throw new Error('nothing is being watched');
    return watching.stop();
  },
};

export type WatchTasks = typeof tasks;

const watch = async ({ redisUrl, databaseUrl, namespace }: Place) => {
  const naming = namingFor(namespace);
  const redis = new Redis(redisUrl);
  const postgres = new Client({ connectionString: databaseUrl, options: `-c search_path=${naming.schema}` });
  await postgres.connect();
  const sightings: Record<StoreName, Sighting[]> = { Redis: [], Postgres: [], audit: [] };
  const gaps: number[] = [];
  const saw = (store: StoreName, seq: number) => {
    const list = sightings[store];
    if (seq > (list.at(-1)?.seq ?? 0)) list.push({ at: sharedNow(), seq });
  };
  const lookAtRedis = async () => {
    const checkpoint = await redis.get(naming.redisKey('stock-cache:checkpoint'));
    saw('Redis', Number(checkpoint?.split(' ')[0] ?? 0));
  };
  const lookAtPostgres = async () => {
    const { rows } = await postgres.query<{ projection: string; sequence: string }>({
      name: 'checkpoints',
      text: "SELECT projection, sequence FROM projection_checkpoints WHERE projection IN ('balances', 'audit-trail')",
    });
    for (const { projection, sequence } of rows)
      saw(projection === 'balances' ? 'Postgres' : 'audit', Number(sequence));
  };
  let isOver = false;
  const keepLooking = async (look: () => Promise<void>) => {
    for (let last = sharedNow(); !isOver; ) {
      await look();
      await pause(POLL_MS);
      gaps.push(sharedNow() - last);
      last = sharedNow();
    }
  };
  const looking = [keepLooking(lookAtRedis), keepLooking(lookAtPostgres)];
  return {
    stop: async (): Promise<Seen> => {
      isOver = true;
      await Promise.all(looking);
      redis.disconnect();
      await postgres.end();
      return { sightings, gaps };
    },
  };
};

serve(tasks);
