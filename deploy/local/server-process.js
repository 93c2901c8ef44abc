// @ts-check

const fs = require('node:fs');
const path = require('node:path');
const { logTail } = require('./log-tail');
const { startOwned } = require('./owned-process');
const { identityOf, isAlive } = require('./process-identity');
const { waitUntil } = require('./wait-until');

const readyDeadlineMs = 30_000;

/**
 * @typedef {object} LocalServer a running server
 * @property {string} name
 * @property {string} url
 * @property {(app: string) => string} urlAs the address for one app alone, which may do there what that app does
 * @property {number} port
 * @property {number} pid of the current process: changes on restart
 * @property {(signal?: NodeJS.Signals) => Promise<void>} kill signals (SIGKILL) and waits for the exit
 * @property {() => void} pause SIGSTOP for it and its children
 * @property {() => void} resume SIGCONT
 * @property {() => Promise<void>} restart ends it if it runs, and starts it on the same port and data
 * @property {() => Promise<void>} stop in order, also when paused or dead
 */

/**
 * @typedef {object} ServerSpec
 * @property {string} name
 * @property {string} url
 * @property {(app: string) => string} urlAs
 * @property {number} port
 * @property {string} program
 * @property {string[]} args
 * @property {NodeJS.Signals} stopSignal the one that makes this server stop in order and at once
 * @property {string} dataDir where the pid is kept
 * @property {string} logFile
 * @property {string} cwd
 * @property {{ uid: number, gid: number }} [user]
 * @property {() => Promise<unknown>} checkReady throws until the server answers in its protocol
 * @property {() => void} [beforeStart]
 * @property {RegExp} [startsLater] log lines of an early exit after which another attempt will succeed
 */

/**
 * @param {ServerSpec} spec
 * @returns {Promise<LocalServer>}
 */
async function startServer(spec) {
  await endOrphan(spec);
  let current = await startReady(spec);
  return {
    name: spec.name,
    url: spec.url,
    urlAs: spec.urlAs,
    port: spec.port,
    get pid() {
      return current.pid;
    },
    kill: (signal = 'SIGKILL') => current.end(signal),
    pause: () => current.pause(),
    resume: () => current.resume(),
    restart: async () => {
      await current.end();
      current = await startReady(spec);
    },
    stop: async () => {
      await current.end();
      fs.rmSync(pidFile(spec), { force: true });
    },
  };
}

/** @param {ServerSpec} spec */
async function startReady(spec) {
  const deadline = Date.now() + readyDeadlineMs;
  for (;;) {
    const logStart = fs.existsSync(spec.logFile) ? fs.statSync(spec.logFile).size : 0;
    const server = await spawnServer(spec);
    try {
      await waitUntil(() => readyOrThrow(spec, server), {
        what: `${spec.name} on port ${spec.port} is not ready`,
        deadlineMs: readyDeadlineMs,
        giveUp: server.hasExited,
      });
      return server;
    } catch (error) {
      const exitedEarly = server.hasExited();
      await server.end('SIGKILL');
      const said = fs.readFileSync(spec.logFile).subarray(logStart).toString('utf8');
      if (exitedEarly && spec.startsLater?.test(said) && Date.now() < deadline) continue;
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${reason}\n${spec.logFile} ends with:\n${logTail(spec.logFile)}`);
    }
  }
}

/**
 * @param {ServerSpec} spec
 * @param {import('./owned-process').OwnedProcess} server
 */
async function readyOrThrow(spec, server) {
  // Asked first, because after an early exit somebody else's server might answer on that port.
  if (server.hasExited()) throw new Error('it ended by itself');
  await spec.checkReady();
  if (server.hasExited()) throw new Error('it ended by itself');
}

/** @param {ServerSpec} spec */
async function spawnServer(spec) {
  spec.beforeStart?.();
  fs.mkdirSync(path.dirname(spec.logFile), { recursive: true });
  const log = fs.openSync(spec.logFile, 'a', 0o600);
  try {
    const server = await startOwned({ ...spec, env: serverEnvironment(), stdio: ['ignore', log, log] });
    const record = { server: identityOf(server.pid), owner: identityOf(process.pid) };
    fs.writeFileSync(pidFile(spec), `${JSON.stringify(record)}\n`);
    return server;
  } finally {
    fs.closeSync(log);
  }
}

/**
 * A killed script's server may still be on its way out, and two servers on one folder of data destroy it.
 * @param {ServerSpec} spec
 */
async function endOrphan(spec) {
  if (!fs.existsSync(pidFile(spec))) return;
  const { server, owner } = JSON.parse(fs.readFileSync(pidFile(spec), 'utf8'));
  if (!server || !isAlive(server)) return;
  if (owner && isAlive(owner)) {
    throw new Error(`${spec.name} of ${spec.dataDir} is in use by process ${owner.pid}`);
  }
  process.kill(server.pid, spec.stopSignal);
  process.kill(server.pid, 'SIGCONT');
  await waitUntil(
    () => {
      if (isAlive(server)) throw new Error(`process ${server.pid} still runs`);
    },
    { what: `End of the ${spec.name} that a killed run left behind`, deadlineMs: 15_000 },
  );
}

/** @param {ServerSpec} spec */
function pidFile(spec) {
  return path.join(spec.dataDir, `${spec.name}.pid`);
}

/** Only what a server needs: PGDATA, PGPORT, NATS_… of the user are meant for other servers. */
function serverEnvironment() {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    TMPDIR: process.env.TMPDIR,
    LC_ALL: 'C',
    TZ: 'UTC',
  };
}

module.exports = { startServer };
