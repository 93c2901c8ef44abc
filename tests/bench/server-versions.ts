import { natsOptions } from '@tallystream/testing';
import { connect } from 'nats';
import { Client } from 'pg';
import { packageVersion } from './environment';

/** As the servers themselves say it. */
export const serverVersions = async ({
  natsUrl,
  databaseUrl,
}: Readonly<{ natsUrl: string; databaseUrl: string }>): Promise<Readonly<Record<string, string>>> => {
  const nats = await connect(natsOptions(natsUrl));
  const postgres = new Client({ connectionString: databaseUrl });
  await postgres.connect();
  try {
    const { rows } = await postgres.query<{ server_version: string }>('SHOW server_version');
    return {
      'nats-server': nats.info?.version ?? 'unknown',
      nats: packageVersion('nats'),
      postgres: rows[0]?.server_version ?? 'unknown',
    };
  } finally {
    await nats.close();
    await postgres.end();
  }
};
