import { setTimeout as pause } from 'node:timers/promises';
import { namingFor } from '@tallystream/contracts';
import Redis from 'ioredis';
import { Client } from 'pg';
import { VoidRun } from '../bench';
import { documentId, LINES } from '../ingest/webhooks';
import type { Place } from './watch.worker';

export type Documents = Readonly<{ first: number; count: number }>;

/** Whatever has no effect by then never will. */
const PATIENCE_MS = 30_000;

/** Looks into the stores for what webhooks did, as another program would. */
export const openEffects = async ({ redisUrl, databaseUrl, namespace }: Place, patienceMs = PATIENCE_MS) => {
  const naming = namingFor(namespace);
  const redis = new Redis(redisUrl);
  const postgres = new Client({ connectionString: databaseUrl, options: `-c search_path=${naming.schema}` });
  await postgres.connect();

  const lastSequences = async ({ first, count }: Documents): Promise<ReadonlyMap<string, number>> => {
    const ids = Array.from({ length: count }, (_, n) => documentId(first + n));
    const { rows } = await postgres.query<{ id: string; last: string }>(
      `SELECT document_id AS id, max(sequence) AS last FROM audit_events
       WHERE document_type = 'invoice' AND document_id = ANY($1)
       GROUP BY document_id HAVING count(*) = $2`,
      [ids, 1 + LINES],
    );
    return new Map(rows.map(({ id, last }) => [id, Number(last)]));
  };

  return {
    /**
     * The position of each document's last event, by its number, once all are in the audit trail with all their
     * events. @throws VoidRun when some are missing in the end
     */
    positions: async (documents: Documents): Promise<readonly number[]> => {
      const { first, count } = documents;
      for (const deadline = performance.now() + patienceMs; ; await pause(100)) {
        const found = await lastSequences(documents);
        if (found.size === count)
          return Array.from({ length: count }, (_, n) => found.get(documentId(first + n)) ?? Number.NaN);
        if (performance.now() > deadline)
          throw new VoidRun(`${count - found.size} of ${count} webhooks have no effect`);
      }
    },
    /** @throws VoidRun when a store holds another state of a level than its newest event */
    expectAgreement: async (): Promise<void> => {
      const { rows } = await postgres.query<{
        item: string;
        warehouse: string;
        newest: number;
        balance: number | null;
      }>(
        `SELECT a.item_id AS item, a.warehouse_id AS warehouse, max(a.revision) AS newest, max(b.revision) AS balance
         FROM audit_events a LEFT JOIN balances b ON b.item_id = a.item_id AND b.warehouse_id = a.warehouse_id
         WHERE a.type = 'StockChanged' GROUP BY a.item_id, a.warehouse_id`,
      );
      const cached = await redis
        .pipeline(
          rows.map(({ item, warehouse }) => [
            'hget',
            naming.redisKey(`stock:${item}:${warehouse}`),
            'revision',
          ]),
        )
        .exec();
      const wrong = rows.filter(
        ({ newest, balance }, n) => balance !== newest || Number(cached?.[n]?.[1]) !== newest,
      );
      if (rows.length === 0 || wrong.length > 0)
        throw new VoidRun(`${wrong.length} of ${rows.length} levels differ between the stores`);
    },
    close: async (): Promise<void> => {
      redis.disconnect();
      await postgres.end();
    },
  };
};

export type Effects = Awaited<ReturnType<typeof openEffects>>;
