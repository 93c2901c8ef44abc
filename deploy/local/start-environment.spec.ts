import { appEnvironment, simulatorEnvironment, wantsSimulator } from './start-environment';

const situation = {
  user: {},
  servers: { NATS_URL: 'nats://127.0.0.1:1', DATABASE_URL: 'postgres://x', REDIS_URL: 'redis://x' },
  secrets: { apiKey: 'tally_key', webhookSecret: 'shared' },
  port: 3000,
  simulatorPort: 4000,
  simulatorState: 'simulator.ndjson',
};

describe('without settings of the user', () => {
  test('the app works with the simulator, under the webhook secret of both', () => {
    expect(wantsSimulator({})).toBe(true);
    expect(appEnvironment(situation)).toMatchObject({
      ...situation.servers,
      PORT: '3000',
      API_KEYS: 'local:admin:tally_key',
      ZOHO_WEBHOOK_SECRET: 'shared',
      ZOHO_API_BASE_URL: 'http://127.0.0.1:4000',
      SALES_WAREHOUSE_ID: '2646610000000077024',
    });
    expect(simulatorEnvironment(situation)).toMatchObject({
      PORT: '4000',
      ZOHO_WEBHOOK_SECRET: 'shared',
      SIMULATOR_WEBHOOK_URL: 'http://127.0.0.1:3000/api/webhooks/zoho',
    });
  });
});

describe('with settings of the user', () => {
  test('they stay, and an empty one is none', () => {
    const user = { API_KEYS: 'me:admin:mine', ZOHO_WEBHOOK_SECRET: '' };
    expect(appEnvironment({ ...situation, user })).toMatchObject({
      API_KEYS: 'me:admin:mine',
      ZOHO_WEBHOOK_SECRET: 'shared',
    });
  });

  test('a PORT is for the app, not for the simulator', () => {
    expect(simulatorEnvironment({ ...situation, user: { PORT: '8080' } }).PORT).toBe('4000');
  });

  test('their Zoho organisation is not mixed with the simulator’s', () => {
    const user = { ZOHO_CLIENT_ID: 'real' };
    expect(wantsSimulator(user)).toBe(false);
    const env = appEnvironment({ ...situation, user });
    expect(env.ZOHO_CLIENT_ID).toBe('real');
    expect(
      Object.keys(env)
        .filter((name) => name.startsWith('ZOHO_'))
        .sort(),
    ).toEqual(['ZOHO_CLIENT_ID', 'ZOHO_WEBHOOK_SECRET']);
  });
});
