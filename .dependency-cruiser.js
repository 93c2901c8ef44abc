// The map of the house (docs/adr/0005): imports go down only, and each server has one room that speaks to it.
const only = (name, comment, packages, rooms) => ({
  name,
  comment,
  severity: 'error',
  from: { path: '^(apps|libs|tests)/', pathNot: rooms },
  to: { path: packages.map((p) => `node_modules/${p}/`) },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'nothing-imports-an-app',
      comment: 'Apps are leaves; only standalone puts them together in one process.',
      severity: 'error',
      from: { path: '^(apps/(?!standalone/)([^/]+)|libs|tests)/', pathNot: '^tests/' },
      to: { path: '^apps/', pathNot: '^apps/$2/' },
    },
    {
      name: 'one-door-per-lib',
      comment:
        'Import a lib by its index, never a file inside it; jetstream has a second door, without Nest.',
      severity: 'error',
      from: { path: '^(apps|tests|docs|libs/([^/]+))/' },
      to: {
        path: '^libs/[^/]+/src/.+',
        pathNot: ['^libs/[^/]+/src/index\\.ts$', '^libs/jetstream/src/core\\.ts$', '^libs/$2/'],
      },
    },
    {
      name: 'contracts-is-the-floor',
      severity: 'error',
      from: { path: '^libs/contracts/' },
      to: { path: '^libs/(?!contracts/)' },
    },
    {
      name: 'domain-on-contracts',
      severity: 'error',
      from: { path: '^libs/domain/' },
      to: { path: '^libs/(?!contracts/|domain/)' },
    },
    {
      name: 'zoho-on-domain',
      severity: 'error',
      from: { path: '^libs/zoho/', pathNot: ['\\.spec\\.ts$', '^libs/zoho/src/spec/'] },
      to: { path: '^libs/(?!contracts/|domain/|zoho/)' },
    },
    {
      name: 'platform-and-jetstream-on-contracts',
      severity: 'error',
      from: {
        path: '^libs/(platform|jetstream|projection-store|redis|inbox|access|runs|dead-letters)/',
        pathNot: ['\\.spec\\.ts$', '^libs/[^/]+/src/spec/'],
      },
      to: { path: '^libs/(ledger|domain|zoho|testing|client)/' },
    },
    {
      name: 'the-simulator-shares-no-rules',
      comment: 'It is the only fake in the house; sharing code with the rules would prove nothing.',
      severity: 'error',
      from: { path: '^apps/zoho-simulator/' },
      to: { path: '^libs/(domain|zoho|ledger|jetstream|projection-store)/' },
    },
    {
      name: 'pure-core',
      comment: 'contracts and domain: no Nest, no I/O.',
      severity: 'error',
      from: { path: '^libs/(contracts|domain)/', pathNot: '\\.spec\\.ts$' },
      to: { path: ['node_modules/@nestjs/', '^(node:)?(fs|net|http|https|child_process|dns|timers)$'] },
    },
    {
      name: 'client-on-contracts-and-nats',
      severity: 'error',
      from: { path: '^libs/client/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^libs/(?!client/|contracts/|jetstream/src/core\\.ts$)' },
    },
    {
      name: 'client-without-nest',
      comment: 'A plain Node program can use it (docs/adr/0013).',
      severity: 'error',
      from: { path: '^libs/(client/src|jetstream/src/core\\.ts$)', pathNot: '\\.spec\\.ts$' },
      to: { path: 'node_modules/(@nestjs|nestjs-[a-z]+)/', reachable: true },
    },
    {
      name: 'stockctl-on-contracts',
      comment: 'It asks over HTTP, like any other client (docs/adr/0020).',
      severity: 'error',
      from: { path: '^apps/stockctl/' },
      to: { path: '^libs/(?!contracts/)' },
    },
    only(
      'nats-in-jetstream',
      'So that @nats-io/* stays a small step.',
      ['nats'],
      '^(libs/jetstream/|tests/)',
    ),
    only(
      'postgres-in-projections',
      'Only the Postgres projections and their store.',
      ['typeorm', 'pg'],
      '^(libs/projection-store/|apps/balances/|apps/audit-trail/|tests/)',
    ),
    only(
      'redis-in-few-rooms',
      'Its own lib, the cache, and the budget that all replicas share.',
      ['ioredis'],
      '^(libs/redis/|libs/zoho/src/(budget|spec)/|apps/stock-cache/|tests/)|\\.spec\\.ts$',
    ),
    only(
      'sockets-in-live-updates',
      'One room speaks Socket.IO.',
      ['socket\\.io'],
      '^(apps/stock-cache/src/live/|tests/)',
    ),
    {
      name: 'tests-stay-out-of-code',
      severity: 'error',
      from: {
        path: '^(apps|libs)/',
        pathNot: ['\\.spec\\.ts$', '^libs/testing/', '^(apps|libs)/[^/]+/src/spec/'],
      },
      to: { path: ['^libs/testing/', '^(apps|libs)/[^/]+/src/spec/', 'node_modules/(jest|fast-check)/'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { conditionNames: ['require', 'node', 'default'], exportsFields: ['exports'] },
  },
};
