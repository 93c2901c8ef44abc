// @ts-check

// The door to local servers, for the scripts here and for tests: NATS, Postgres and Redis on the loopback,
// with their data in a folder of yours. Programs that are missing are fetched.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const nats = require('./nats');
const postgres = require('./postgres');
const redis = require('./redis');
const { beQuiet } = require('./say');
const { removeReachableFolder } = require('./unprivileged-user');

/** @typedef {import('./server-process').LocalServer} LocalServer */
/** @typedef {'nats' | 'postgres' | 'redis'} ServerName */

/**
 * @typedef {object} ServerOptions
 * @property {string} dataDir created if missing; a second start has the same addresses and data
 * @property {string} [logDir] <dataDir>/logs
 * @property {boolean} [quiet] say nothing about what is being fetched
 * @property {string} [syncInterval] NATS: 'always' unless told otherwise
 * @property {boolean} [durable] Postgres: true unless told otherwise
 */

/**
 * @typedef {object} LocalServers
 * @property {LocalServer} nats reading a server that was not started throws
 * @property {LocalServer} postgres
 * @property {LocalServer} redis
 * @property {Record<string, string>} env NATS_URL, DATABASE_URL, REDIS_URL of those that were started
 * @property {(app: string) => Record<string, string>} envAs the same for one app alone, with its own users
 * @property {() => Promise<void>} stop
 */

/** @type {Record<ServerName, { variable: string, start: (options: ServerOptions) => Promise<LocalServer> }>} */
const kinds = {
  nats: { variable: 'NATS_URL', start: startNats },
  postgres: { variable: 'DATABASE_URL', start: startPostgres },
  redis: { variable: 'REDIS_URL', start: startRedis },
};

/** @type {ServerName[]} */
const everyServer = ['nats', 'postgres', 'redis'];

/**
 * Starts them side by side; when one fails, the others are stopped and its error is thrown.
 * @param {ServerOptions & { only?: ServerName[] }} options
 * @returns {Promise<LocalServers>}
 */
async function startServers({ only = everyServer, ...options }) {
  const outcomes = await Promise.allSettled(only.map((name) => kinds[name].start(options)));
  const started = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const stop = async () => {
    await Promise.all(started.map((server) => server.stop()));
  };
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  if (failures.length > 0) {
    await stop();
    throw failures.length === 1 ? failures[0] : new Error(failures.map((f) => f.message).join('\n\n'));
  }
  /** @param {ServerName} name */
  const named = (name) => {
    const server = started.find((candidate) => candidate.name === name);
    if (server === undefined) throw new Error(`${name} was not started`);
    return server;
  };
  return {
    get nats() {
      return named('nats');
    },
    get postgres() {
      return named('postgres');
    },
    get redis() {
      return named('redis');
    },
    env: Object.fromEntries(only.map((name) => [kinds[name].variable, named(name).url])),
    envAs: (app) => {
      const its = only.filter((name) => named(name).users.includes(app));
      return Object.fromEntries(its.map((name) => [kinds[name].variable, named(name).urlAs(app)]));
    },
    stop,
  };
}

/**
 * Those servers whose address the environment does not say.
 * @param {ServerOptions} options
 */
function startMissingServers(options) {
  const only = everyServer.filter((name) => !process.env[kinds[name].variable]);
  return startServers({ ...options, only });
}

/** @param {ServerOptions} options */
function startNats(options) {
  return nats.startNats(prepared(options));
}

/**
 * Three that are one cluster: see deploy/local/nats.js.
 * @param {ServerOptions} options
 * @param {(from: string, to: string, port: number) => Promise<number>} [by]
 */
function startNatsCluster(options, by) {
  return nats.startNatsCluster(prepared(options), by);
}

/** @param {ServerOptions} options */
function startPostgres(options) {
  return postgres.startPostgres(prepared(options));
}

/** @param {ServerOptions} options */
function startRedis(options) {
  return redis.startRedis(prepared(options));
}

/**
 * @template {ServerOptions} T
 * @param {T} options
 */
function prepared(options) {
  const dataDir = path.resolve(options.dataDir);
  const logDir = path.resolve(options.logDir ?? path.join(dataDir, 'logs'));
  if (process.platform === 'win32')
    throw new Error('On Windows please use WSL, or set NATS_URL, DATABASE_URL, REDIS_URL');
  beQuiet(options.quiet ?? false);
  fs.mkdirSync(dataDir, { recursive: true });
  fs.mkdirSync(logDir, { recursive: true });
  return { ...options, dataDir, logDir };
}

/** @returns {string} a folder for servers that are needed once; end it with removeData */
function temporaryData() {
  return fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'tallystream-'));
}

/** @param {string} dataDir of stopped servers */
function removeData(dataDir) {
  removeReachableFolder(path.resolve(dataDir), 'postgres'); // may lie elsewhere
  // Retried, because what a killed test leaves may still be writing.
  fs.rmSync(dataDir, { recursive: true, force: true, maxRetries: 10 });
}

module.exports = {
  startServers,
  startMissingServers,
  startNats,
  startNatsCluster,
  startPostgres,
  startRedis,
  temporaryData,
  removeData,
};
