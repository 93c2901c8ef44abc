import { type Database, unavailable } from './database';

/** While held, no other replica applies the projection. */
export type Ownership = Readonly<{
  isHeld: () => boolean;
  /** Aborts when the ownership is lost. */
  lost: AbortSignal;
  release: () => Promise<void>;
}>;

/**
 * Waits until this process owns the projection, by a lock of a Postgres session: when the owner dies, its
 * connection closes and the next in line takes over. Returns nothing when `signal` ends the waiting.
 * @throws Problem `store_unavailable`
 */
export const acquireOwnership = async (
  database: Database,
  projection: string,
  signal: AbortSignal,
): Promise<Ownership | undefined> => {
  await database.ready();
  if (signal.aborted) return undefined;
  const client = database.dedicatedClient();
  let held = false;
  const lostSignal = new AbortController();
  const lost = () => {
    held = false;
    lostSignal.abort();
  };
  client.on('error', lost);
  client.on('end', lost);
  const giveUp = () => void client.end().catch(() => undefined);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    await client.connect();
    // A machine that vanishes sends no goodbye: let the server find out in seconds, not in hours.
    await client.query(
      'SET tcp_keepalives_idle = 3; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 2',
    );
    await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [
      `${database.schema}:projection:${projection}`,
    ]);
    held = true;
  } catch (error) {
    giveUp();
    if (signal.aborted) return undefined;
    throw unavailable(error);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
  return { isHeld: () => held, lost: lostSignal.signal, release: () => client.end().catch(() => undefined) };
};
