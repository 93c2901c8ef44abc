import { BadEnvironment, configOrExit, loadConfig } from './load-config';
import { type VariableName, variables } from './variables';

const KEY = '0123456789abcdef';

const faultOf = (
  environment: Record<string, string | undefined>,
  needs: readonly VariableName[] = [],
): string => {
  try {
    loadConfig(needs, environment);
    return 'none';
  } catch (error) {
    if (error instanceof BadEnvironment) return error.message;
    throw error;
  }
};

describe('without any variable', () => {
  it('every default holds, and what has none is absent', () => {
    expect(loadConfig([], {})).toEqual({
      NAMESPACE: 'tally',
      HOST: '127.0.0.1',
      PORT: 3000,
      LOG_LEVEL: 'info',
      API_KEYS: [],
      AUTH_ROLE_CLAIM: 'role',
      READS_PER_MINUTE: 600,
      ZOHO_WEBHOOK_SECRET: [],
      ZOHO_WEBHOOK_INSECURE: false,
      ZOHO_WEBHOOK_SIGNED_BODY: false,
      ZOHO_API_BASE_URL: 'https://www.zohoapis.com',
      ZOHO_ACCOUNTS_URL: 'https://accounts.zoho.com',
      ZOHO_PRODUCT: 'inventory',
      ZOHO_OBSERVE_DELAY_MS: 10_000,
      ZOHO_BATCH_SIZE: 100,
      ZOHO_ARABIC_NAME_FIELD: 'cf_arabic_name',
      ZOHO_RATE_LIMIT_PER_MINUTE: 100,
      ZOHO_DAILY_LIMIT: 5000,
      ZOHO_CONCURRENCY: 5,
      ZOHO_SYNC_ENABLED: true,
      SYNC_CRON: '*/15 * * * *',
      DRIFT_AUTO_MAX_UNITS: 5,
      DRIFT_AUTO_MAX_PERCENT: 20,
      DRIFT_WAREHOUSES: new Map(),
      DRIFT_CONFIRM: true,
      DRIFT_CONFIRM_MINUTES: 10,
      DRIFT_MAX_DOCUMENTS: 100,
      DRIFT_PHYSICAL: true,
      HEALTH_MIN_ITEMS: 400,
      TRUST_MARGIN_MS: 2000,
      WATCH_EVERY_SECONDS: 60,
      WORKING_DAYS: [1, 2, 3, 4, 5],
      LIVE_MAX_CLIENTS: 5000,
      LIVE_MAX_CLIENTS_PER_KEY: 2000,
      STOCK_CACHE_TTL: 14_400,
    });
  });

  it.each(Object.keys(variables))('%s set to nothing counts as not set', (name) => {
    expect(loadConfig([], { [name]: '' })).toEqual(loadConfig([], {}));
  });

  it('other variables of the machine are none of our business', () => {
    expect(loadConfig([], { PATH: '/bin', ZOHO: '?' })).toEqual(loadConfig([], {}));
  });
});

describe('a variable that is right', () => {
  it.each<{ name: VariableName; given: string; read: unknown }>([
    { name: 'NATS_URL', given: 'nats://a:4222', read: 'nats://a:4222' },
    { name: 'NATS_URL', given: 'nats://a:4222, tls://b:4222', read: 'nats://a:4222, tls://b:4222' },
    { name: 'DATABASE_URL', given: 'postgresql://u:p@h/d', read: 'postgresql://u:p@h/d' },
    { name: 'REDIS_URL', given: 'rediss://h:6379/1', read: 'rediss://h:6379/1' },
    { name: 'NAMESPACE', given: 'blue_2', read: 'blue_2' },
    { name: 'PORT', given: '0', read: 0 },
    { name: 'PORT', given: '65535', read: 65_535 },
    { name: 'LOG_LEVEL', given: 'silent', read: 'silent' },
    { name: 'API_KEYS', given: `shop:reader:${KEY}`, read: [{ name: 'shop', role: 'reader', key: KEY }] },
    {
      name: 'API_KEYS',
      given: ` shop:reader:${KEY} , ops:admin:${KEY}1,`,
      read: [
        { name: 'shop', role: 'reader', key: KEY },
        { name: 'ops', role: 'admin', key: `${KEY}1` },
      ],
    },
    { name: 'ZOHO_WEBHOOK_SECRET', given: 'a-long-secret', read: ['a-long-secret'] },
    {
      name: 'ZOHO_WEBHOOK_SECRET',
      given: 'the-new-secret, the-old-secret',
      read: ['the-new-secret', 'the-old-secret'],
    },
    { name: 'ZOHO_WEBHOOK_INSECURE', given: 'true', read: true },
    { name: 'ZOHO_WEBHOOK_SIGNED_BODY', given: 'false', read: false },
    { name: 'ZOHO_API_BASE_URL', given: 'http://127.0.0.1:4010', read: 'http://127.0.0.1:4010' },
    { name: 'ZOHO_PRODUCT', given: 'books', read: 'books' },
    { name: 'ZOHO_BATCH_SIZE', given: '200', read: 200 },
    { name: 'ZOHO_SYNC_ENABLED', given: 'false', read: false },
    { name: 'SYNC_CRON', given: '0 3 * * 1-5', read: '0 3 * * 1-5' },
    { name: 'SALES_WAREHOUSE_ID', given: '77', read: '77' },
    { name: 'READS_PER_MINUTE', given: '0', read: 0 },
    { name: 'TRUST_MARGIN_MS', given: '0', read: 0 },
    { name: 'WORKING_DAYS', given: '0, 4', read: [0, 4] },
    { name: 'ALERT_WEBHOOK_URL', given: 'https://a.b/c?d', read: 'https://a.b/c?d' },
  ])('$name=$given is read as $read', ({ name, given, read }) => {
    expect(loadConfig([name], { [name]: given })[name]).toEqual(read);
  });

  it.each(Object.entries(variables))('%s accepts its own example', (name, { example }) => {
    expect(faultOf({ AUTH_AUDIENCE: 'us', REVALIDATE_SECRET: KEY, [name]: example })).toBe('none');
  });
});

describe('a variable that is missing', () => {
  const withoutDefault = [
    'NATS_URL',
    'DATABASE_URL',
    'REDIS_URL',
    'SALES_WAREHOUSE_ID',
    'ZOHO_CLIENT_ID',
    'ZOHO_CLIENT_SECRET',
    'ZOHO_REFRESH_TOKEN',
    'ZOHO_ORGANIZATION_ID',
    'REVALIDATE_SECRET',
  ] as const satisfies readonly VariableName[];

  it.each(withoutDefault)('%s is asked for by who needs it, and by nobody else', (name) => {
    const fault = `${name} is not set; for example ${name}=${variables[name].example}`;
    expect(faultOf({}, [name])).toBe(fault);
    expect(faultOf({ [name]: '' }, [name])).toBe(fault);
    expect(faultOf({}, [])).toBe('none');
    expect(faultOf({ [name]: variables[name].example }, [name])).toBe('none');
  });

  it('is told of one at a time, in the order of the table', () => {
    expect(faultOf({}, ['REDIS_URL', 'NATS_URL'])).toMatch(/^NATS_URL is not set;/);
  });
});

describe('a variable that is nothing without another', () => {
  const AUTH_JWKS_URL = 'https://login.example.com/keys';

  it.each([undefined, ''])('is refused alone (the other is %j)', (AUTH_AUDIENCE) => {
    expect(faultOf({ AUTH_JWKS_URL, AUTH_AUDIENCE })).toBe(
      'AUTH_AUDIENCE is not set, but AUTH_JWKS_URL is; for example AUTH_AUDIENCE=tallystream',
    );
  });

  it('is refused where a shop would not know who calls it', () => {
    expect(faultOf({ REVALIDATE_URL: 'https://shop' })).toMatch(
      /^REVALIDATE_SECRET is not set, but REVALIDATE_URL is;/,
    );
    expect(faultOf({ REVALIDATE_URL: 'https://shop', REVALIDATE_SECRET: KEY })).toBe('none');
  });

  it('is taken with it, and the other may be there alone', () => {
    expect(faultOf({ AUTH_JWKS_URL, AUTH_AUDIENCE: 'us' })).toBe('none');
    expect(faultOf({ AUTH_AUDIENCE: 'us' })).toBe('none');
  });
});

describe('a variable that is wrong', () => {
  const port = 'must be a whole number from 0 to 65535';
  const key =
    'must be name:role:key, the role one of reader, auditor, operator, admin, the key of 16 characters or more';
  it.each<{ name: VariableName; given: string; fault: string; shown: boolean }>([
    {
      name: 'NATS_URL',
      given: 'a:4222',
      fault: 'must be a URL that begins with nats:// or tls://',
      shown: false,
    },
    {
      name: 'NATS_URL',
      given: 'nats://a,http://b',
      fault: 'must be a URL that begins with nats:// or tls://',
      shown: false,
    },
    {
      name: 'DATABASE_URL',
      given: 'mysql://root:pw12@h',
      fault: 'must be a URL that begins with postgres:// or postgresql://',
      shown: false,
    },
    {
      name: 'REDIS_URL',
      given: 'http://:pw12@h',
      fault: 'must be a URL that begins with redis:// or rediss://',
      shown: false,
    },
    {
      name: 'NAMESPACE',
      given: 'A.b',
      fault: 'must be lower-case letters, digits and _, 31 at most',
      shown: true,
    },
    { name: 'PORT', given: '65536', fault: port, shown: true },
    { name: 'PORT', given: '-1', fault: port, shown: true },
    { name: 'PORT', given: '3e3', fault: port, shown: true },
    { name: 'PORT', given: '3000.5', fault: port, shown: true },
    { name: 'PORT', given: ' ', fault: port, shown: true },
    {
      name: 'LOG_LEVEL',
      given: 'loud',
      fault: 'must be fatal, error, warn, info, debug, trace or silent',
      shown: true,
    },
    { name: 'API_KEYS', given: 'shop:reader:short-pw12', fault: key, shown: false },
    { name: 'API_KEYS', given: `shop:king:${KEY}`, fault: key, shown: false },
    { name: 'API_KEYS', given: `:reader:${KEY}`, fault: key, shown: false },
    { name: 'API_KEYS', given: KEY, fault: key, shown: false },
    { name: 'API_KEYS', given: `shop:reader:${KEY}:rest-of-it`, fault: key, shown: false },
    { name: 'API_KEYS', given: `a:admin:${KEY},b:admin`, fault: key, shown: false },
    {
      name: 'AUTH_JWKS_URL',
      given: 'login.example.com/keys',
      fault: 'must be a URL that begins with http:// or https://',
      shown: true,
    },
    {
      name: 'READS_PER_MINUTE',
      given: '-1',
      fault: 'must be a whole number from 0 to 100000000',
      shown: true,
    },
    {
      name: 'ZOHO_WEBHOOK_SECRET',
      given: 'short-pw12',
      fault: 'must have 12 characters or more',
      shown: false,
    },
    {
      name: 'ZOHO_WEBHOOK_SECRET',
      given: 'long-enough-pw12,short',
      fault: 'must have 12 characters or more',
      shown: false,
    },
    { name: 'ZOHO_WEBHOOK_INSECURE', given: 'yes', fault: 'must be true or false', shown: true },
    { name: 'ZOHO_WEBHOOK_SIGNED_BODY', given: 'TRUE', fault: 'must be true or false', shown: true },
    {
      name: 'ZOHO_API_BASE_URL',
      given: 'www.zohoapis.eu',
      fault: 'must be a URL that begins with http:// or https://',
      shown: false,
    },
    {
      name: 'ZOHO_ACCOUNTS_URL',
      given: 'ftp://zoho',
      fault: 'must be a URL that begins with http:// or https://',
      shown: false,
    },
    { name: 'ZOHO_ORGANIZATION_ID', given: 'ours', fault: 'must be digits', shown: true },
    { name: 'ZOHO_PRODUCT', given: 'crm', fault: 'must be inventory or books', shown: true },
    { name: 'ZOHO_BATCH_SIZE', given: '0', fault: 'must be a whole number from 1 to 200', shown: true },
    {
      name: 'ZOHO_ARABIC_NAME_FIELD',
      given: 'cf arabic',
      fault: 'must be 1 to 100 letters, digits and _',
      shown: true,
    },
    {
      name: 'ZOHO_RATE_LIMIT_PER_MINUTE',
      given: '0',
      fault: 'must be a whole number from 1 to 100000',
      shown: true,
    },
    {
      name: 'ZOHO_DAILY_LIMIT',
      given: 'many',
      fault: 'must be a whole number from 1 to 10000000',
      shown: true,
    },
    { name: 'ZOHO_CONCURRENCY', given: '0', fault: 'must be a whole number from 1 to 1000', shown: true },
    { name: 'ZOHO_SYNC_ENABLED', given: 'on', fault: 'must be true or false', shown: true },
    { name: 'SYNC_CRON', given: 'hourly', fault: 'must be five fields of a cron expression', shown: true },
    {
      name: 'DRIFT_WAREHOUSES',
      given: 'main=5',
      fault: 'must be <warehouse>=<units>:<percent>,…',
      shown: true,
    },
    {
      name: 'HEALTH_MIN_ITEMS',
      given: '-1',
      fault: 'must be a whole number from 0 to 10000000',
      shown: true,
    },
    {
      name: 'SALES_WAREHOUSE_ID',
      given: 'Main WareHouse',
      fault: 'must be 1 to 64 of the characters A-Z a-z 0-9 _ -',
      shown: true,
    },
    {
      name: 'DEFAULT_WAREHOUSE_ID',
      given: 'a.b',
      fault: 'must be 1 to 64 of the characters A-Z a-z 0-9 _ -',
      shown: true,
    },
    { name: 'TRUST_MARGIN_MS', given: '2s', fault: 'must be a whole number from 0 to 600000', shown: true },
    {
      name: 'WATCH_EVERY_SECONDS',
      given: '0',
      fault: 'must be a whole number from 1 to 3600',
      shown: true,
    },
    {
      name: 'WORKING_DAYS',
      given: '1-5',
      fault: 'must be numbers from 0, which is Sunday, to 6',
      shown: true,
    },
    {
      name: 'ALERT_WEBHOOK_URL',
      given: 'hooks.example.com',
      fault: 'must be a URL that begins with http:// or https://',
      shown: false,
    },
    {
      name: 'REVALIDATE_URL',
      given: 'shop.example.com',
      fault: 'must be a URL that begins with http:// or https://, without a user',
      shown: false,
    },
    {
      name: 'REVALIDATE_URL',
      given: 'ftp://shop',
      fault: 'must be a URL that begins with http:// or https://, without a user',
      shown: false,
    },
    {
      name: 'REVALIDATE_URL',
      given: 'https://me:pw12@shop',
      fault: 'must be a URL that begins with http:// or https://, without a user',
      shown: false,
    },
    {
      name: 'REVALIDATE_SECRET',
      given: 'short-pw12',
      fault: 'must have 16 characters or more',
      shown: false,
    },
    {
      name: 'LIVE_MAX_CLIENTS',
      given: '0',
      fault: 'must be a whole number from 1 to 1000000',
      shown: true,
    },
    {
      name: 'LIVE_MAX_CLIENTS_PER_KEY',
      given: 'all',
      fault: 'must be a whole number from 1 to 1000000',
      shown: true,
    },
    { name: 'STREAM_REPLICAS', given: '2', fault: 'must be 1, 3 or 5', shown: true },
    {
      name: 'STOCK_CACHE_TTL',
      given: '59',
      fault: 'must be a whole number from 60 to 31536000',
      shown: true,
    },
  ])('$name=$given is refused with its name, its fault and an example', ({ name, given, fault, shown }) => {
    const example = `for example ${name}=${variables[name].example}`;
    const line = `${name} ${fault}${shown ? `, not "${given}"` : ''}; ${example}`;
    expect(faultOf({ [name]: given })).toBe(line);
    expect(faultOf({ [name]: given }, [name])).toBe(line);
  });

  it.each(Object.entries(variables).filter(([, variable]) => 'secret' in variable))(
    '%s is a secret: a fault does not tell what it was',
    (name) => {
      const faults = ['pw12', 'x://pw12', ',pw12', 'a:b:pw12'].map((given) => faultOf({ [name]: given }));
      for (const fault of faults) expect(fault).not.toContain('pw12');
    },
  );

  it.each([
    { what: 'several lines', given: 'first\nsecond\r\nthird' },
    { what: 'much text', given: 'x'.repeat(10_000) },
  ])('given $what, it still takes one short line', ({ given }) => {
    const fault = faultOf({ NAMESPACE: given });
    expect(fault).toMatch(/^NAMESPACE must be [^\r\n]+$/);
    expect(fault.length).toBeLessThan(250);
  });
});

describe('the configuration of the process', () => {
  const before = process.env;
  afterEach(() => {
    process.env = before;
    jest.restoreAllMocks();
  });

  it('is read from its environment', () => {
    process.env = { NATS_URL: 'nats://a:4222' };
    expect(configOrExit(['NATS_URL'])).toEqual(loadConfig(['NATS_URL'], { NATS_URL: 'nats://a:4222' }));
  });

  it('when wrong, ends it with one line and exit code 1', () => {
    process.env = { PORT: 'eighty' };
    const written = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    const exit = jest.spyOn(process, 'exit').mockImplementation(() => {
      throw new Error('exit');
    });
    expect(() => configOrExit([])).toThrow('exit');
    expect(exit).toHaveBeenCalledWith(1);
    expect(written.mock.calls).toEqual([
      ['PORT must be a whole number from 0 to 65535, not "eighty"; for example PORT=3000\n'],
    ]);
  });
});
