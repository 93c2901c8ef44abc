import { natsOptions } from '@tallystream/testing';
import { connect } from 'nats';
import { Client } from 'pg';
import { packageVersion } from './environment';

/** As the servers themselves say it, of those that took part. */
export const serverVersions = async ({
  natsUrl,
  databaseUrl,
}: Readonly<{ natsUrl: string; databaseUrl?: string }>): Promise<Readonly<Record<string, string>>> => {
  const nats = await connect(natsOptions(natsUrl));
  const ofNats = { 'nats-server': nats.info?.version ?? 'unknown', nats: packageVersion('nats') };
  await nats.close();
  return databaseUrl ? { ...ofNats, postgres: await postgresVersion(databaseUrl) } : ofNats;
};

const postgresVersion = async (connectionString: string): Promise<string> => {
  const postgres = new Client({ connectionString });
  await postgres.connect();
  try {
    const { rows } = await postgres.query<{ server_version: string }>('SHOW server_version');
    return rows[0]?.server_version ?? 'unknown';
  } finally {
    await postgres.end();
  }
};
