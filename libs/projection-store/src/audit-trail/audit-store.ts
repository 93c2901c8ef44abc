import { createHash } from 'node:crypto';
import { type StreamSeq, streamSeq } from '@tallystream/contracts';
import type { EntityManager } from 'typeorm';
import type { Database } from '../database';
import { noteBlocks } from './audit-blocks';
import { makePartitions } from './audit-partitions';
import { auditColumns, auditRow, columnNames, type RecordedEvent } from './audit-row';

/** What the first event is chained to. */
export const GENESIS = Buffer.alloc(32);

/** `sha256(previous ‖ canonical event)`: sequence, subject, id, type, time of storage and the data, as lines. */
export const chainHash = (previous: Uint8Array, event: Omit<RecordedEvent, 'event'>): Buffer =>
  createHash('sha256')
    .update(previous)
    .update(`${event.seq}\n${event.subject}\n${event.id}\n${event.ceType}\n${event.storedAt}\n`)
    .update(event.data)
    .digest();

/** The newest row's link of the chain, in hexadecimal digits; nothing while there is no row. */
export const newestLink = async (
  database: Database,
): Promise<Readonly<{ seq: StreamSeq; hash: string }> | undefined> => {
  const [row] = await database.query<{ sequence: string; hash: Buffer }>(
    'SELECT sequence, hash FROM audit_events ORDER BY sequence DESC LIMIT 1',
  );
  return row && { seq: streamSeq(Number(row.sequence)), hash: row.hash.toString('hex') };
};

/** The hash from which the chain goes on. */
export const newestHash = async (database: Database): Promise<Buffer> => {
  const newest = await newestLink(database);
  return newest ? Buffer.from(newest.hash, 'hex') : GENESIS;
};

/** Appends a batch to the trail. @returns the hash of its last row */
export const appendAuditEvents = async (
  manager: EntityManager,
  previous: Buffer,
  events: readonly RecordedEvent[],
): Promise<Buffer> => {
  const rows = events.map(auditRow);
  const hashes: Buffer[] = [];
  for (const event of events) hashes.push(chainHash(hashes.at(-1) ?? previous, event));
  await makePartitions(
    manager,
    rows.map((row) => row.recorded_at),
  );
  const columns = columnNames.map((name) => rows.map((row) => row[name]));
  await manager.query(INSERT, [...columns, hashes]);
  await noteBlocks(manager, rows);
  return hashes.at(-1) ?? previous;
};

const INSERT = `
  INSERT INTO audit_events (${columnNames.join(', ')}, hash)
  SELECT * FROM unnest(${columnNames.map((name, index) => `$${index + 1}::${auditColumns[name]}[]`).join(', ')},
    $${columnNames.length + 1}::bytea[])`;
