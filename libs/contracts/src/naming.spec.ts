import { documentIdSchema, itemIdSchema, runIdSchema, streamSeq, warehouseIdSchema } from './ids';
import { DEFAULT_NAMESPACE, type Naming, namespaceSchema, namingFor, streamNames } from './naming';

const item = itemIdSchema.parse('2646610000000109854');
const warehouse = warehouseIdSchema.parse('2646610000000077024');
const invoice = documentIdSchema.parse('2646610000012345678');
const run = runIdSchema.parse('opening');

type Case = Readonly<{ what: string; name: (naming: Naming) => string; plain: string; prefixed: string }>;

const cases: readonly Case[] = [
  {
    what: 'the subject of a level',
    name: (naming) => naming.levelSubject({ itemId: item, warehouseId: warehouse }),
    plain: 'stock.changed.2646610000000077024.2646610000000109854',
    prefixed: 'blue.stock.changed.2646610000000077024.2646610000000109854',
  },
  {
    what: 'the subject of a document',
    name: (naming) => naming.documentSubject('invoice', invoice),
    plain: 'stock.document.invoice.2646610000012345678',
    prefixed: 'blue.stock.document.invoice.2646610000012345678',
  },
  {
    what: 'the subject of a run',
    name: (naming) => naming.runSubject(run),
    plain: 'stock.run.opening',
    prefixed: 'blue.stock.run.opening',
  },
  {
    what: 'the subject of a webhook',
    name: (naming) => naming.inboxSubject('invoice', 'created'),
    plain: 'zoho.inbox.invoice.created',
    prefixed: 'blue.zoho.inbox.invoice.created',
  },
  {
    what: 'the subject of a snapshot',
    name: (naming) => naming.snapshotSubject(run, item),
    plain: 'zoho.snapshot.opening.2646610000000109854',
    prefixed: 'blue.zoho.snapshot.opening.2646610000000109854',
  },
  {
    what: 'subject of a rebuild',
    name: (naming) => naming.rebuildStateSubject('drift', run),
    plain: 'zoho.run.rebuild.drift.opening',
    prefixed: 'blue.zoho.run.rebuild.drift.opening',
  },
  {
    what: "the subject of a run's state",
    name: (naming) => naming.runStateSubject(run),
    plain: 'zoho.run.opening',
    prefixed: 'blue.zoho.run.opening',
  },
  {
    what: 'the subject of a claim',
    name: (naming) => naming.claimSubject('items-with-stock'),
    plain: 'zoho.claim.items-with-stock',
    prefixed: 'blue.zoho.claim.items-with-stock',
  },
  {
    what: 'the subject of a watermark',
    name: (naming) => naming.watermarkSubject('invoice'),
    plain: 'zoho.watermark.invoice',
    prefixed: 'blue.zoho.watermark.invoice',
  },
  {
    what: 'the subject of an item of the catalogue',
    name: (naming) => naming.catalogItemSubject(item),
    plain: 'catalog.item.2646610000000109854',
    prefixed: 'blue.catalog.item.2646610000000109854',
  },
  {
    what: 'the subject of a warehouse of the catalogue',
    name: (naming) => naming.catalogWarehouseSubject(warehouse),
    plain: 'catalog.warehouse.2646610000000077024',
    prefixed: 'blue.catalog.warehouse.2646610000000077024',
  },
  {
    what: 'the subject of an API key',
    name: (naming) => naming.accessKeySubject('0f1e2d3c4b5a'),
    plain: 'access.key.0f1e2d3c4b5a',
    prefixed: 'blue.access.key.0f1e2d3c4b5a',
  },
  {
    what: "the subject of an API key's last use",
    name: (naming) => naming.accessUseSubject('0f1e2d3c4b5a'),
    plain: 'access.use.0f1e2d3c4b5a',
    prefixed: 'blue.access.use.0f1e2d3c4b5a',
  },
  {
    what: "the subject of a webhook's outcome",
    name: (naming) => naming.outcomeSubject(streamSeq(42)),
    plain: 'zoho.outcome.42',
    prefixed: 'blue.zoho.outcome.42',
  },
  {
    what: 'the subject of a dead letter',
    name: (naming) => naming.deadLetterSubject('translator', 'bad_field'),
    plain: 'dead.translator.bad_field',
    prefixed: 'blue.dead.translator.bad_field',
  },
  {
    what: "the subject of a dead letter's state",
    name: (naming) => naming.deadLetterStateSubject(streamSeq(42)),
    plain: 'dead-letter.42',
    prefixed: 'blue.dead-letter.42',
  },
  {
    what: 'the subject of reports on consumers',
    name: (naming) => naming.consumerReportsSubject,
    plain: 'ops.consumers',
    prefixed: 'blue.ops.consumers',
  },
  {
    what: 'the subject of an alert',
    name: (naming) => naming.alertSubject('backlog', 'critical'),
    plain: 'alert.backlog.critical',
    prefixed: 'blue.alert.backlog.critical',
  },
  {
    what: 'the subject of an anchor',
    name: (naming) => naming.anchorSubject('2026-01-07'),
    plain: 'audit.anchor.2026-01-07',
    prefixed: 'blue.audit.anchor.2026-01-07',
  },
  {
    what: 'any subject',
    name: (naming) => naming.subject('stock.>'),
    plain: 'stock.>',
    prefixed: 'blue.stock.>',
  },
  {
    what: 'the Redis key of the stock for sale',
    name: (naming) => naming.stockKey(item),
    plain: 'stock:2646610000000109854',
    prefixed: 'blue:stock:2646610000000109854',
  },
  {
    what: 'the Redis key of a level',
    name: (naming) => naming.levelStockKey(item, warehouse),
    plain: 'stock:2646610000000109854:2646610000000077024',
    prefixed: 'blue:stock:2646610000000109854:2646610000000077024',
  },
  {
    what: 'any Redis key',
    name: (naming) => naming.redisKey('checkpoint'),
    plain: 'checkpoint',
    prefixed: 'blue:checkpoint',
  },
  {
    what: 'a consumer',
    name: (naming) => naming.consumer('balances'),
    plain: 'tally_balances',
    prefixed: 'blue_balances',
  },
  {
    what: 'the Postgres schema',
    name: (naming) => naming.schema,
    plain: 'tally',
    prefixed: 'blue',
  },
  ...streamNames.map((stream) => ({
    what: `the stream ${stream}`,
    name: (naming: Naming) => naming.stream(stream),
    plain: `tally_${stream}`,
    prefixed: `blue_${stream}`,
  })),
];

describe('names on shared servers', () => {
  it.each(cases)('$what is $plain by default', ({ name, plain }) => {
    expect(name(namingFor(DEFAULT_NAMESPACE))).toBe(plain);
  });

  it.each(cases)('$what is $prefixed in another namespace', ({ name, prefixed }) => {
    expect(name(namingFor('blue'))).toBe(prefixed);
  });
});

describe('a namespace', () => {
  it.each(['tally', 't', 'test_42', `a${'b'.repeat(30)}`])('may be %s', (namespace) => {
    expect(namespaceSchema.parse(namespace)).toBe(namespace);
  });

  it.each(['', 'Tally', '1st', '_x', 'a-b', 'a.b', 'a b', 'a*', 'تالي', 'audit', `a${'b'.repeat(31)}`])(
    'cannot be "%s"',
    (namespace) => {
      expect(namespaceSchema.safeParse(namespace).success).toBe(false);
    },
  );
});
