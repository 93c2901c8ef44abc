// @ts-check

// What each app may do on NATS. users.conf is made of this (node deploy/nats/write-users.js) and is what servers
// read, here and in containers; a test fails while the two differ, others while an app lacks what it needs.

/**
 * Streams and consumers by their names in the code, without the namespace; so are subjects.
 * @typedef {object} Permissions
 * @property {string} what
 * @property {string[]} [publishes] subjects
 * @property {Record<string, string[]>} [consumes] durable consumers, its own, by stream
 * @property {string[]} [follows] streams that it may read from by consumers nobody else knows of
 * @property {string[]} [reads] streams of which it may ask for single messages
 * @property {string[]} [steers] streams of which it may list the consumers, and pause them
 * @property {string[]} [looksAt] streams of which it may ask how far each consumer is
 * @property {string[]} [subscribes] subjects, as they are published
 * @property {string[]} [administers] calls of the JetStream API
 */

/** As in libs/contracts. */
const streams = [
  'STOCK',
  'ZOHO_INBOX',
  'ZOHO_OUTCOMES',
  'ZOHO_OBSERVE',
  'ZOHO_SNAPSHOTS',
  'ZOHO_RUNS',
  'CATALOG',
  'ACCESS_KEYS',
  'AUDIT_ANCHORS',
  'DEAD_LETTERS',
  'DEAD_LETTER_STATES',
  'OPERATIONS',
];

/**
 * What every app does: it looks whether streams are as they should be, watches the API keys, notes when one was
 * used, and raises alerts; when asked how its consumers are, it answers whoever asked.
 * @type {Required<Pick<Permissions, 'publishes' | 'follows' | 'subscribes'>>}
 */
const everyApp = {
  publishes: ['access.use.*', 'alert.>'],
  follows: ['ACCESS_KEYS'],
  subscribes: ['ops.consumers'],
};

/**
 * Who can make stores again says how far it is, and asks for it when nothing else mends them.
 * @param {string[]} stores
 */
function rebuilds(...stores) {
  return stores.flatMap((store) => [`zoho.run.rebuild.${store}.*`, `zoho.claim.rebuild-${store}`]);
}

/** @type {Record<string, Permissions>} */
const users = {
  ingress: {
    what: 'Webhooks in, and what became of them: a ledger writer',
    publishes: [
      'zoho.inbox.>',
      'zoho.outcome.>',
      'zoho.observe.>',
      'stock.changed.>',
      'stock.document.>',
      'dead.translator.*',
      ...rebuilds('webhook-log'),
    ],
    consumes: { ZOHO_INBOX: ['translator', 'webhook-arrivals'], ZOHO_OUTCOMES: ['webhook-outcomes'] },
    follows: ['ZOHO_INBOX', 'ZOHO_OUTCOMES', 'ZOHO_RUNS'],
    reads: ['STOCK', 'ZOHO_INBOX', 'ZOHO_OUTCOMES', 'ZOHO_OBSERVE', 'ZOHO_RUNS'],
  },
  reconciler: {
    what: 'Looks at Zoho, fetches what was missed, decides drift, keeps the API keys, watches and heals: a ledger writer',
    publishes: [
      'stock.>',
      'catalog.>',
      'zoho.inbox.>',
      'zoho.observe.>',
      'zoho.snapshot.>',
      'zoho.run.>',
      'zoho.claim.>',
      'zoho.watermark.>',
      'access.key.*',
      'dead.observer.*',
      'dead-letter.*',
      'ops.*',
    ],
    consumes: { ZOHO_OBSERVE: ['observer'], STOCK: ['drift'] },
    follows: ['STOCK', 'ZOHO_RUNS', 'DEAD_LETTERS', 'DEAD_LETTER_STATES'],
    reads: [
      'STOCK',
      'ZOHO_INBOX',
      'ZOHO_OUTCOMES',
      'ZOHO_OBSERVE',
      'ZOHO_SNAPSHOTS',
      'ZOHO_RUNS',
      'CATALOG',
      'ACCESS_KEYS',
      'DEAD_LETTERS',
      'DEAD_LETTER_STATES',
      'OPERATIONS',
    ],
    looksAt: ['STOCK', 'ZOHO_INBOX', 'ZOHO_OUTCOMES', 'ZOHO_OBSERVE', 'CATALOG'],
  },
  balances: {
    what: 'Postgres balances, and the catalogue that names them',
    publishes: rebuilds('balances', 'catalogue'),
    consumes: { STOCK: ['balances'], CATALOG: ['catalogue'] },
    follows: ['STOCK', 'CATALOG', 'ZOHO_RUNS'],
    reads: ['STOCK', 'CATALOG', 'ZOHO_RUNS'],
  },
  'stock-cache': {
    what: 'The Redis cache, live updates, and reads, which may ask for items to be looked at that no store knows',
    publishes: ['zoho.observe.>', ...rebuilds('stock-cache')],
    consumes: { STOCK: ['stock-cache', 'revalidation'] },
    follows: ['STOCK', 'ZOHO_RUNS'],
    reads: ['STOCK', 'ZOHO_OBSERVE', 'ZOHO_RUNS'],
  },
  'audit-trail': {
    what: 'The audit trail, its anchors, and whether it is as the ledger says',
    publishes: ['audit.anchor.>', ...rebuilds('audit-trail')],
    consumes: { STOCK: ['audit-trail'] },
    follows: ['STOCK', 'ZOHO_RUNS'],
    reads: ['STOCK', 'AUDIT_ANCHORS', 'ZOHO_RUNS'],
  },
  operations: {
    what: 'What operators do: it puts back what was put aside, and looks at everything. It writes no event',
    publishes: [
      'zoho.inbox.>',
      'zoho.observe.>',
      'zoho.run.>',
      'zoho.claim.>',
      'dead-letter.*',
      'ops.consumers',
    ],
    follows: ['STOCK', 'ZOHO_RUNS', 'DEAD_LETTERS', 'DEAD_LETTER_STATES'],
    reads: [
      'STOCK',
      'ZOHO_INBOX',
      'ZOHO_OUTCOMES',
      'ZOHO_OBSERVE',
      'ZOHO_RUNS',
      'CATALOG',
      'DEAD_LETTERS',
      'DEAD_LETTER_STATES',
    ],
    looksAt: ['STOCK', 'ZOHO_INBOX', 'ZOHO_OUTCOMES', 'ZOHO_OBSERVE', 'CATALOG'],
    steers: streams,
  },
  provisioner: {
    what: 'Makes the streams as the code wants them, and puts them right. It takes nothing away',
    administers: ['STREAM.CREATE', 'STREAM.UPDATE'],
  },
  subscriber: {
    what: 'Other services: they follow the ledger and the catalogue, and write nothing',
    // Not the catalogue: whoever may make a consumer on a stream can have NATS deliver that stream's messages to
    // any subject but the stream's own (nats-server 2.14, issue 8274), and none may come into the ledger.
    follows: ['STOCK'],
    reads: ['STOCK', 'CATALOG'],
    subscribes: ['stock.>', 'catalog.>', 'alert.>'],
  },
  backup: {
    what: 'Backup and restore, by a person',
    administers: ['STREAM.SNAPSHOT', 'STREAM.RESTORE'],
  },
};

/** Those that are no process of ours with API keys to look at. */
const withoutKeys = ['provisioner', 'subscriber', 'backup'];

const stream = (/** @type {string} */ name) => `@NAMESPACE@_${name}`;
const consumer = stream;

/**
 * @param {string} name
 * @param {Permissions} permissions
 */
function render(name, permissions) {
  const isApp = !withoutKeys.includes(name);
  const consumes = Object.entries(permissions.consumes ?? {});
  const follows = [...(permissions.follows ?? []), ...(isApp ? everyApp.follows : [])];
  const publishes = [...(permissions.publishes ?? []), ...(isApp ? everyApp.publishes : [])];
  const allow = [
    ...publishes.map((subject) => `@PREFIX@${subject}`),
    ...(name === 'subscriber' ? (permissions.reads ?? []) : streams).map(
      (each) => `$JS.API.STREAM.INFO.${stream(each)}`,
    ),
    ...(permissions.administers ?? []).flatMap((call) =>
      streams.map((each) => `$JS.API.${call}.${stream(each)}`),
    ),
    ...(permissions.administers?.includes('STREAM.SNAPSHOT')
      ? ['$JS.API.STREAM.NAMES', '$JS.SNAPSHOT.>']
      : []),
    ...consumes.flatMap(([from, names]) => names.flatMap((each) => ofConsumer(stream(from), consumer(each)))),
    ...follows.flatMap((from) => ofFollower(stream(from))),
    ...(permissions.reads ?? []).flatMap((from) => [
      `$JS.API.STREAM.MSG.GET.${stream(from)}`,
      `$JS.API.DIRECT.GET.${stream(from)}`,
      `$JS.API.DIRECT.GET.${stream(from)}.>`,
    ]),
    ...(permissions.looksAt ?? []).map((from) => `$JS.API.CONSUMER.INFO.${stream(from)}.*`),
    ...(permissions.steers ?? []).flatMap((from) => [
      `$JS.API.CONSUMER.LIST.${stream(from)}`,
      `$JS.API.CONSUMER.PAUSE.${stream(from)}.*`,
    ]),
  ];
  // Who may follow a stream must still not touch the consumers of others on it.
  const own = consumes.flatMap(([, names]) => names);
  const deny = follows.flatMap((from) =>
    durablesOf(from)
      .filter((each) => !own.includes(each))
      .flatMap((each) => changesOf(stream(from), consumer(each))),
  );
  const subscribes = [...(permissions.subscribes ?? []), ...(isApp ? everyApp.subscribes : [])];
  const subscribe = [`_INBOX.${name}.>`, ...subscribes.map((subject) => `@PREFIX@${subject}`)];
  const password = `$${name.toUpperCase().replaceAll('-', '_')}_PASSWORD`;
  return `  # ${permissions.what}.
  {
    user: ${name}
    password: ${password}
    permissions: {
      publish: {
        allow: [
${list(allow)}
        ]${deny.length === 0 ? '' : `\n        deny: [\n${list(deny)}\n        ]`}
      }
      subscribe: {
        allow: [
${list(subscribe)}
        ]
      }${isApp ? '\n      allow_responses: true' : ''}
    }
  }
`;
}

/** @param {string} name of a stream */
function durablesOf(name) {
  return Object.values(users).flatMap(({ consumes }) => consumes?.[name] ?? []);
}

/**
 * @param {string} from
 * @param {string} name
 */
function ofConsumer(from, name) {
  return [`$JS.API.CONSUMER.INFO.${from}.${name}`, ...changesOf(from, name)];
}

/**
 * What moves, alters or takes away a consumer, or takes its messages.
 * @param {string} from
 * @param {string} name
 */
function changesOf(from, name) {
  return [
    `$JS.API.CONSUMER.CREATE.${from}.${name}`,
    `$JS.API.CONSUMER.CREATE.${from}.${name}.>`,
    `$JS.API.CONSUMER.DURABLE.CREATE.${from}.${name}`,
    `$JS.API.CONSUMER.DELETE.${from}.${name}`,
    `$JS.API.CONSUMER.MSG.NEXT.${from}.${name}`,
    `$JS.ACK.${from}.${name}.>`,
  ];
}

/** @param {string} from */
function ofFollower(from) {
  return [
    // Not without the name in the subject: what the body says goes unchecked (nats-server 2.14).
    `$JS.API.CONSUMER.CREATE.${from}.>`,
    `$JS.API.CONSUMER.DURABLE.CREATE.${from}.*`,
    `$JS.API.CONSUMER.INFO.${from}.*`,
    `$JS.API.CONSUMER.DELETE.${from}.*`,
    `$JS.API.CONSUMER.MSG.NEXT.${from}.*`,
    `$JS.ACK.${from}.>`,
  ];
}

/** @param {string[]} subjects */
function list(subjects) {
  return [...new Set(subjects)].map((subject) => `          "${subject}"`).join('\n');
}

/** @returns {string} users.conf, with the places that start.sh or deploy/local/nats.js fills in */
function usersConf() {
  const blocks = Object.entries(users).map(([name, permissions]) => render(name, permissions));
  return `# Made of users.js by write-users.js: change it there. start.sh, or deploy/local/nats.js, fills in @NAMESPACE@
# and @PREFIX@, which is what stands before subjects.

users: [
${blocks.join('')}]
`;
}

module.exports = { users, streams, usersConf };
