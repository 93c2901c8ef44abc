import { namespaceSchema, warehouseIdSchema } from '@tallystream/contracts';
import { validateCronExpression } from 'cron';
import { z } from 'zod';

/** One environment variable: how it is read, and a value that would do. */
type Variable<S extends z.ZodType = z.ZodType> = Readonly<{ schema: S; example: string; secret?: true }>;

const variable = <S extends z.ZodType>(schema: S, example: string): Variable<S> => ({ schema, example });
const secret = <S extends z.ZodType>(schema: S, example: string): Variable<S> => ({
  schema,
  example,
  secret: true,
});

const url = (...protocols: readonly string[]) =>
  z.string().refine((text) => text.split(',').every((part) => protocols.includes(protocolOf(part.trim()))), {
    error: `must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  });

const protocolOf = (text: string): string => (URL.canParse(text) ? new URL(text).protocol : '');

/** One that is called: its user and password would have to go into a header. */
const webAddress = z
  .string()
  .refine(
    (text) =>
      ['http:', 'https:'].includes(protocolOf(text)) &&
      new URL(text).username === '' &&
      new URL(text).password === '',
    { error: 'must be a URL that begins with http:// or https://, without a user' },
  );

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .refine((text) => /^-?\d+$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: `must be a whole number from ${min} to ${max}`,
    })
    .transform(Number);

/** The library would take a sixth field, seconds, and words such as `@hourly`. */
const isCronExpression = (text: string): boolean =>
  text.trim().split(/\s+/).length === 5 && validateCronExpression(text.trim()).valid;

const yesOrNo = z
  .enum(['true', 'false'], { error: 'must be true or false' })
  .transform((text) => text === 'true');

export const roles = ['reader', 'auditor', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

const apiKey = z.string().transform((text, context) => {
  const [name, role, key, ...rest] = text.split(':');
  const knownRole = roles.find((known) => known === role);
  if (name && knownRole && key && key.length >= 16 && rest.length === 0)
    return { name, role: knownRole, key };
  context.addIssue(
    `must be name:role:key, the role one of ${roles.join(', ')}, the key of 16 characters or more`,
  );
  return z.NEVER;
});

const listOf = <S extends z.ZodType<unknown, string>>(schema: S) =>
  z
    .string()
    .transform((text) => text.split(',').flatMap((part) => part.trim() || []))
    .pipe(z.array(schema));

const weekday = z
  .string()
  .regex(/^[0-6]$/, 'must be numbers from 0, which is Sunday, to 6')
  .transform(Number);

const warehouseThresholds = z.string().transform((text, context) => {
  const [, warehouse, units, percent] = /^([A-Za-z0-9_-]{1,64})=(\d{1,7}):(\d{1,3})$/.exec(text) ?? [];
  const parsed = warehouseIdSchema.safeParse(warehouse);
  if (parsed.success && Number(percent) <= 100) {
    const thresholds = { autoMaxUnits: Number(units), autoMaxPercent: Number(percent) };
    return [parsed.data, thresholds] as const;
  }
  context.addIssue('must be <warehouse>=<units>:<percent>,…');
  return z.NEVER;
});

/** Every variable that any app reads. What has a default here may be left out. */
export const variables = {
  NATS_URL: secret(url('nats:', 'tls:'), 'nats://127.0.0.1:4222'),
  /** Servers of a NATS cluster that hold each stream, at least; absent: new ones are held by one. */
  STREAM_REPLICAS: variable(
    z.enum(['1', '3', '5'], { error: 'must be 1, 3 or 5' }).transform(Number).optional(),
    '3',
  ),
  DATABASE_URL: secret(
    url('postgres:', 'postgresql:'),
    'postgres://user:password@127.0.0.1:5432/tallystream',
  ),
  REDIS_URL: secret(url('redis:', 'rediss:'), 'redis://127.0.0.1:6379'),
  NAMESPACE: variable(namespaceSchema.default('tally'), 'tally'),
  HOST: variable(z.string().min(1).default('127.0.0.1'), '0.0.0.0'),
  PORT: variable(wholeNumber(0, 65_535).default(3_000), '3000'),
  LOG_LEVEL: variable(
    z
      .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
        error: 'must be fatal, error, warn, info, debug, trace or silent',
      })
      .default('info'),
    'info',
  ),
  API_KEYS: secret(listOf(apiKey).default([]), 'shop:reader:0123456789abcdef'),
  /** Where the public keys of the issuer of tokens are; absent: no tokens are taken. */
  AUTH_JWKS_URL: variable(
    url('http:', 'https:').optional(),
    'https://login.example.com/.well-known/jwks.json',
  ),
  AUTH_AUDIENCE: variable(z.string().min(1).optional(), 'tallystream'),
  AUTH_ISSUER: variable(z.string().min(1).optional(), 'https://login.example.com/'),
  AUTH_ROLE_CLAIM: variable(z.string().min(1).default('role'), 'realm_access.roles'),
  /** Of a key that has no number of its own; 0: no limit. */
  READS_PER_MINUTE: variable(wholeNumber(0, 100_000_000).default(600), '600'),
  ZOHO_WEBHOOK_SECRET: secret(
    listOf(z.string().min(12, 'must have 12 characters or more')).default([]),
    'a-secret-of-12-to-50-characters',
  ),
  ZOHO_WEBHOOK_INSECURE: variable(yesOrNo.default(false), 'false'),
  ZOHO_WEBHOOK_SIGNED_BODY: variable(yesOrNo.default(false), 'false'),
  ZOHO_API_BASE_URL: secret(
    url('http:', 'https:').default('https://www.zohoapis.com'),
    'https://www.zohoapis.eu',
  ),
  ZOHO_ACCOUNTS_URL: secret(
    url('http:', 'https:').default('https://accounts.zoho.com'),
    'https://accounts.zoho.eu',
  ),
  ZOHO_CLIENT_ID: variable(z.string().min(1).optional(), '1000.ABCDEF'),
  ZOHO_CLIENT_SECRET: secret(z.string().min(1).optional(), '0123456789abcdef'),
  ZOHO_REFRESH_TOKEN: secret(z.string().min(1).optional(), '1000.0123.4567'),
  ZOHO_ORGANIZATION_ID: variable(z.string().regex(/^\d+$/, 'must be digits').optional(), '10234695'),
  ZOHO_PRODUCT: variable(
    z.enum(['inventory', 'books'], { error: 'must be inventory or books' }).default('inventory'),
    'inventory',
  ),
  /** 0: at once; negative: webhooks ask for no observations. */
  ZOHO_OBSERVE_DELAY_MS: variable(wholeNumber(-3_600_000, 3_600_000).default(10_000), '10000'),
  ZOHO_BATCH_SIZE: variable(wholeNumber(1, 200).default(100), '100'),
  ZOHO_ARABIC_NAME_FIELD: variable(
    z
      .string()
      .regex(/^\w{1,100}$/, 'must be 1 to 100 letters, digits and _')
      .default('cf_arabic_name'),
    'cf_arabic_name',
  ),
  ZOHO_RATE_LIMIT_PER_MINUTE: variable(wholeNumber(1, 100_000).default(100), '100'),
  ZOHO_DAILY_LIMIT: variable(wholeNumber(1, 10_000_000).default(5_000), '5000'),
  ZOHO_CONCURRENCY: variable(wholeNumber(1, 1_000).default(5), '5'),
  ZOHO_SYNC_ENABLED: variable(yesOrNo.default(true), 'true'),
  SYNC_CRON: variable(
    z.string().refine(isCronExpression, 'must be five fields of a cron expression').default('*/15 * * * *'),
    '*/15 * * * *',
  ),
  /** What drift may be set right at once: at most so many units … */
  DRIFT_AUTO_MAX_UNITS: variable(wholeNumber(0, 1_000_000).default(5), '5'),
  /** … and at most so much of the level; one unit may always. */
  DRIFT_AUTO_MAX_PERCENT: variable(wholeNumber(0, 100).default(20), '20'),
  /** The same for single warehouses: `<warehouse>=<units>:<percent>,…` */
  DRIFT_WAREHOUSES: variable(
    listOf(warehouseThresholds)
      .transform((pairs) => new Map(pairs))
      .prefault(''),
    '2646610000000077025=50:10',
  ),
  DRIFT_CONFIRM: variable(yesOrNo.default(true), 'true'),
  DRIFT_CONFIRM_MINUTES: variable(wholeNumber(0, 10_080).default(10), '10'),
  /** Missed documents that one search may fetch, a call each; what is left is found by the next. */
  DRIFT_MAX_DOCUMENTS: variable(wholeNumber(0, 100_000).default(100), '100'),
  /** false: the organisation has no shipments or receives, and its physical stock is taken as Zoho says. */
  DRIFT_PHYSICAL: variable(yesOrNo.default(true), 'true'),
  HEALTH_MIN_ITEMS: variable(wholeNumber(0, 10_000_000).default(400), '400'),
  SALES_WAREHOUSE_ID: variable(warehouseIdSchema, '2646610000000077024'),
  DEFAULT_WAREHOUSE_ID: variable(warehouseIdSchema.optional(), '2646610000000077024'),
  TRUST_MARGIN_MS: variable(wholeNumber(0, 600_000).default(2_000), '2000'),
  /** Told of every alert that is raised, lasts or is over, as JSON by POST. Such addresses are secrets. */
  ALERT_WEBHOOK_URL: secret(url('http:', 'https:').optional(), 'https://hooks.example.com/services/T0/B0/x'),
  /** How often alerts are assessed, and what broke is healed. */
  WATCH_EVERY_SECONDS: variable(wholeNumber(1, 3_600).default(60), '60'),
  /** On which webhooks are to be expected: 0 is Sunday. */
  WORKING_DAYS: variable(listOf(weekday).prefault('1,2,3,4,5'), '0,1,2,3,4'),
  /** Clients that one process has connected for live updates, and how many of them with the same API key. */
  LIVE_MAX_CLIENTS: variable(wholeNumber(1, 1_000_000).default(5_000), '5000'),
  LIVE_MAX_CLIENTS_PER_KEY: variable(wholeNumber(1, 1_000_000).default(2_000), '2000'),
  /** A web shop that is told which items changed, and what it knows us by. */
  REVALIDATE_URL: secret(webAddress.optional(), 'https://shop.example.com/api/revalidate'),
  REVALIDATE_SECRET: secret(
    z.string().min(16, 'must have 16 characters or more').optional(),
    'a-secret-of-16-characters-or-more',
  ),
  STOCK_CACHE_TTL: variable(wholeNumber(60, 31_536_000).default(14_400), '14400'),
} as const satisfies Record<string, Variable>;

export type VariableName = keyof typeof variables;
export type Config = Readonly<{ [N in VariableName]: z.output<(typeof variables)[N]['schema']> }>;
