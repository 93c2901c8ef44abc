// @ts-check

const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { apps, roleOf } = require('../postgres/roles');
const { commandLineOf } = require('./process-identity');
const { runTool } = require('./run-tool');

const name = 'tallystream'; // of the database and of its owner

/**
 * Creates the cluster and the database unless they are there.
 * @param {{ home: string, bin: string, passwordFile: string, durable: boolean, user?: { uid: number, gid: number } }} options
 * @returns {Promise<string>} the data directory
 */
async function ensureCluster({ home, bin, passwordFile, durable, user }) {
  const cluster = path.join(home, 'data');
  if (fs.existsSync(cluster)) return cluster;
  const unfinished = path.join(home, 'unfinished'); // renamed when complete: an interrupted initdb is worth nothing
  fs.rmSync(unfinished, { recursive: true, force: true });
  const password = randomBytes(24).toString('hex');
  const handover = path.join(home, 'password');
  fs.writeFileSync(handover, password, { mode: 0o600 });
  if (user) fs.chownSync(handover, user.uid, user.gid);
  const initdb = [
    ...['--pgdata', unfinished, '--username', name, '--pwfile', handover],
    ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', ...(durable ? [] : ['--no-sync'])],
  ];
  // A session of its own: Ctrl-C while it works is our business.
  const context = { cwd: home, env: environment(), detached: true, ...user };
  try {
    await runTool(path.join(bin, 'initdb'), [...initdb, '--locale', 'C.UTF-8'], context).catch(() =>
      // macOS before 15 has no C.UTF-8.
      runTool(path.join(bin, 'initdb'), [...initdb, '--no-locale'], context),
    );
  } finally {
    fs.rmSync(handover);
  }
  await runAlone({ bin, cluster: unfinished, user, statements: [`CREATE DATABASE ${name}`] });
  fs.writeFileSync(passwordFile, password, { mode: 0o600 });
  fs.renameSync(unfinished, cluster);
  return cluster;
}

/**
 * Gives each app its role, in a cluster that does not run, unless it has them from an earlier start.
 * @param {{ home: string, bin: string, cluster: string, passwordOf: (user: string) => string, user?: { uid: number, gid: number } }} options
 */
async function ensureRoles({ home, bin, cluster, passwordOf, user }) {
  const done = path.join(home, 'roles');
  const roles = apps.map(roleOf).join();
  if (fs.existsSync(done) && fs.readFileSync(done, 'utf8') === roles) return;
  const statements = apps.flatMap((app) => [
    `DO $$ BEGIN CREATE ROLE ${roleOf(app)}; EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
    `ALTER ROLE ${roleOf(app)} LOGIN PASSWORD '${passwordOf(app)}'`,
  ]);
  dropStaleLock(cluster);
  await runAlone({ bin, cluster, user, statements });
  fs.writeFileSync(done, roles);
}

/**
 * Statements, one a line, without a server that listens.
 * @param {{ bin: string, cluster: string, statements: string[], user?: { uid: number, gid: number } }} options
 */
async function runAlone({ bin, cluster, statements, user }) {
  const input = statements.map((statement) => `${statement}\n`).join('');
  const context = { cwd: path.dirname(cluster), env: environment(), detached: true, ...user };
  await runTool(path.join(bin, 'postgres'), ['--single', '-D', cluster, 'postgres'], { ...context, input });
}

function environment() {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
}

/**
 * A lock that a crash left behind can name a pid that belongs to somebody else by now; Postgres would refuse.
 * @param {string} cluster
 */
function dropStaleLock(cluster) {
  const lock = path.join(cluster, 'postmaster.pid');
  if (!fs.existsSync(lock)) return;
  const pid = Number.parseInt(fs.readFileSync(lock, 'utf8'), 10);
  if (!commandLineOf(pid).includes(cluster)) fs.rmSync(lock);
}

/**
 * The first packet of a session: answered by a request for the password ('R') once the database can be used.
 * @returns {Buffer}
 */
function startupPacket() {
  const parameters = Buffer.from(`user\0${name}\0database\0${name}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + parameters.length, 0);
  head.writeInt32BE(3 << 16, 4); // protocol 3.0
  return Buffer.concat([head, parameters]);
}

module.exports = { name, ensureCluster, ensureRoles, dropStaleLock, startupPacket };
