import { BadConfig, parseConfig } from './config';

const faultOf = (environment: Record<string, string>): string => {
  try {
    parseConfig(environment);
  } catch (error) {
    if (error instanceof BadConfig) return error.message;
  }
  return 'none';
};

it('starts with nothing set, and takes an empty variable for an unset one', () => {
  const config = parseConfig({ SIMULATOR_WEBHOOK_URL: '', PORT: '' });
  expect(config).toMatchObject({ host: '127.0.0.1', port: 4000, items: 300, seed: 1 });
  expect(config.delivery).toMatchObject({ url: undefined, concurrency: 8, retries: 5 });
  expect(config.limits).toEqual({ blockSeconds: 60, headers: 'off', retryAfter: false });
});

it('takes limits as a name or one by one', () => {
  const limits = (text: string) => parseConfig({ SIMULATOR_LIMITS: text }).limits;
  expect(limits('zoho')).toMatchObject({ perMinute: 100, perDay: 2000, concurrency: 10, blockSeconds: 60 });
  expect(limits('minute=5,block=2')).toEqual({
    perMinute: 5,
    blockSeconds: 2,
    headers: 'off',
    retryAfter: false,
  });
});

it.each([
  [{ PORT: 'x' }, /^PORT must be a whole number.* example: PORT=4000$/],
  [{ SIMULATOR_ITEMS: '2.5' }, /^SIMULATOR_ITEMS must be/],
  [{ SIMULATOR_LIMITS: 'minute=many' }, /^SIMULATOR_LIMITS must be off, zoho, or/],
  [{ SIMULATOR_WEBHOOK_LOSE: '2' }, /^SIMULATOR_WEBHOOK_LOSE must be a probability/],
  [{ SIMULATOR_WEBHOOK_URL: 'ftp://a', ZOHO_WEBHOOK_SECRET: 's' }, /^SIMULATOR_WEBHOOK_URL must be an http/],
  [{ SIMULATOR_WEBHOOK_URL: 'http://a' }, /^ZOHO_WEBHOOK_SECRET must be set/],
])('names the variable, the fault and an example: %j', (environment, expected) => {
  expect(faultOf(environment)).toMatch(expected);
});
