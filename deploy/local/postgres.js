// @ts-check

const fs = require('node:fs');
const path = require('node:path');
const { ask } = require('./ask');
const { rememberedPort } = require('./free-port');
const { roleOf } = require('../postgres/roles');
const { passwords, urlWith } = require('./passwords');
const { dropStaleLock, ensureCluster, ensureRoles, name, startupPacket } = require('./postgres-data');
const { postgresBin } = require('./postgres-program');
const { startServer } = require('./server-process');
const { reachableFolder, unprivilegedUser } = require('./unprivileged-user');

/**
 * @typedef {object} PostgresOptions
 * @property {string} dataDir
 * @property {string} logDir
 * @property {boolean} [durable] false gives up what a power cut would take, for speed
 */

/**
 * @param {PostgresOptions} options
 * @returns {Promise<import('./server-process').LocalServer>}
 */
async function startPostgres({ dataDir, logDir, durable = true }) {
  const user = unprivilegedUser();
  const bin = await postgresBin(user);
  const home = reachableFolder(dataDir, 'postgres', user);
  const passwordFile = path.join(dataDir, 'postgres.password');
  const cluster = await ensureCluster({ home, bin, passwordFile, durable, user });
  const passwordOf = passwords(dataDir);
  await ensureRoles({ home, bin, cluster, passwordOf, user });
  const password = fs.readFileSync(passwordFile, 'utf8');
  const port = await rememberedPort(path.join(dataDir, 'postgres.port'));
  const address = `postgres://127.0.0.1:${port}/${name}`;
  return startServer({
    name: 'postgres',
    url: urlWith(address, name, password),
    urlAs: (app) => urlWith(address, roleOf(app), passwordOf(app)),
    port,
    program: path.join(bin, 'postgres'),
    args: [
      '-D',
      cluster,
      ...Object.entries(settings(port, durable)).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
    ],
    stopSignal: 'SIGINT', // "fast": ends sessions instead of waiting for them
    dataDir,
    logFile: path.join(logDir, 'postgres.log'),
    cwd: home,
    user,
    checkReady: () => ask(port, startupPacket(), (answer) => answer.toString('latin1', 0, 1) === 'R'),
    beforeStart: () => dropStaleLock(cluster),
    // Sessions of a killed server go down a moment after it.
    startsLater: /pre-existing shared memory block|lock file "postmaster.pid" already exists/,
  });
}

/**
 * @param {number} port
 * @param {boolean} durable
 * @returns {Record<string, string | number>}
 */
function settings(port, durable) {
  return {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '', // their paths may not be longer than 107 bytes
    max_connections: 200,
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
}

module.exports = { startPostgres };
