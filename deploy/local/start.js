// @ts-check

// npm start [-- <app>] [--verbose]: everything, on a machine with Node and nothing else of ours.

const fs = require('node:fs');
const path = require('node:path');
const { startApp } = require('./app-process');
const { ensureBuilt } = require('./build');
const { data, logs, root, startLock } = require('./checkout');
const { ensureDependencies } = require('./dependencies');
const { freePort } = require('./free-port');
const { requireNode } = require('./node-version');
const { readRunEnv, removeRunEnv, writeRunEnv } = require('./run-env');
const { say } = require('./say');
const { screen } = require('./screen');
const { localSecrets } = require('./secrets');
const { startMissingServers } = require('./servers');
const { appEnvironment, simulatorEnvironment, wantsSimulator } = require('./start-environment');
const { takeLock } = require('./start-lock');
const { stopSignal } = require('./stop-signal');

/** Projects that are no app to start by itself. */
const notServers = ['stockctl', 'backup', 'provisioner', 'zoho-simulator'];

/**
 * @typedef {object} Start
 * @property {string} app
 * @property {boolean} verbose
 * @property {AbortSignal} signal aborted by Ctrl-C
 * @property {(stop: () => Promise<void> | void) => void} onStop registers what to undo, in reverse order
 */

requireNode();
main().then(
  () => process.exit(0),
  (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);

async function main() {
  const wishes = parseArguments(process.argv.slice(2));
  const lock = takeLock(startLock);
  if ('holder' in lock) {
    const where = readRunEnv().TALLY_URL;
    throw new Error(
      `Tallystream is already running here (process ${lock.holder}${where ? `, ${where}` : ''})`,
    );
  }
  removeRunEnv(); // of a run that was killed
  /** @type {(() => Promise<void> | void)[]} */
  const stops = [lock.release];
  const signal = stopSignal();
  try {
    await run({ ...wishes, signal, onStop: (stop) => stops.push(stop) });
  } catch (error) {
    if (!signal.aborted) throw error; // else it failed because it was interrupted
  } finally {
    if (stops.length > 1) say('Stopping …');
    for (const stop of stops.reverse()) await stop();
  }
}

/**
 * Ends only by an error, or when stopped.
 * @param {Start} start
 */
async function run(start) {
  const { app, signal, onStop } = start;
  // Servers need no dependencies, so both come at once.
  const servers = startMissingServers({ dataDir: data, logDir: logs });
  onStop(async () => (await servers.catch(() => undefined))?.stop());
  const [{ env }, programs] = await Promise.all([servers, buildApps(app, signal)]);
  signal.throwIfAborted();

  const situation = {
    user: process.env,
    servers: env,
    secrets: localSecrets(),
    // A PORT that is none is for the app to complain of.
    port: isPort(Number(process.env.PORT)) ? Number(process.env.PORT) : await freePort(3000),
    simulatorPort: await freePort(4000),
    simulatorState: path.join(data, 'simulator.ndjson'),
  };
  const apps = [
    ...(programs.simulator === undefined ? [] : [await startSimulator(start, situation, programs.simulator)]),
    await startMain(start, situation, programs.app),
  ];
  announce(app, situation, onStop);
  await Promise.race([aborted(signal), ...apps.map((each) => each.ended.then(fail))]);
}

/**
 * @param {string} app
 * @param {AbortSignal} signal
 * @returns {Promise<{ app: string, simulator?: string }>} the programs
 */
async function buildApps(app, signal) {
  await ensureDependencies(signal);
  const simulator = wantsSimulator(process.env) ? ensureBuilt('zoho-simulator', signal) : undefined;
  const [built, builtSimulator] = await Promise.all([ensureBuilt(app, signal), simulator]);
  return { app: built, simulator: builtSimulator };
}

/**
 * @param {Start} start
 * @param {import('./start-environment').Situation} situation
 * @param {string} program
 */
async function startSimulator({ verbose, signal, onStop }, situation, program) {
  const simulator = await startApp({
    name: 'zoho-simulator',
    program,
    env: simulatorEnvironment(situation),
    port: situation.simulatorPort,
    isReady: () => true, // any answer will do: it waits for no store
    verbose,
    signal,
  });
  onStop(simulator.stop);
  return simulator;
}

/**
 * @param {Start} start
 * @param {import('./start-environment').Situation} situation
 * @param {string} program
 */
async function startMain({ app, verbose, signal, onStop }, situation, program) {
  const main = await startApp({
    name: app,
    program,
    env: appEnvironment(situation),
    port: situation.port,
    isReady: (answer) => answer.status === 200 && (!wantsSimulator(process.env) || knowsStock(answer.body)),
    verbose,
    signal,
  });
  onStop(main.stop);
  return main;
}

/**
 * An app is ready while the opening stock is still on its way; what we tell people to try needs the numbers.
 * @param {string} health the body of GET /health/ready
 * @returns {boolean}
 */
function knowsStock(health) {
  const { reconciler } = JSON.parse(health).parts;
  return reconciler === undefined || reconciler.status === 'up';
}

/**
 * @param {string} app
 * @param {import('./start-environment').Situation} situation
 * @param {Start['onStop']} onStop
 */
function announce(app, situation, onStop) {
  const env = appEnvironment(situation);
  const url = `http://127.0.0.1:${situation.port}`;
  const apiKey = keyOf(env.API_KEYS ?? '');
  const simulatorUrl = wantsSimulator(process.env)
    ? `http://127.0.0.1:${situation.simulatorPort}`
    : undefined;
  const { NATS_URL, DATABASE_URL, REDIS_URL, ZOHO_WEBHOOK_SECRET } = env;
  onStop(removeRunEnv);
  writeRunEnv({
    TALLY_URL: url,
    API_KEY: apiKey,
    ZOHO_WEBHOOK_SECRET,
    NATS_URL,
    DATABASE_URL,
    REDIS_URL,
    SIMULATOR_URL: simulatorUrl,
  });
  process.stdout.write(
    screen({ app, url, apiKey, simulatorUrl, servers: { NATS_URL, DATABASE_URL, REDIS_URL } }),
  );
}

/**
 * @param {number} port
 * @returns {boolean}
 */
function isPort(port) {
  return Number.isInteger(port) && port > 0 && port < 65_536;
}

/**
 * @param {string} apiKeys name:role:key,…
 * @returns {string} the first one's key
 */
function keyOf(apiKeys) {
  return apiKeys.split(',')[0]?.split(':').slice(2).join(':') ?? '';
}

/**
 * @param {string[]} args
 * @returns {{ app: string, verbose: boolean }}
 */
function parseArguments(args) {
  const verbose = args.includes('--verbose');
  const [app = 'standalone', ...others] = args.filter((arg) => arg !== '--verbose');
  const { projects } = JSON.parse(fs.readFileSync(path.join(root, 'nest-cli.json'), 'utf8'));
  const apps = Object.keys(projects).filter((name) => !notServers.includes(name));
  if (others.length > 0 || !apps.includes(app)) {
    throw new Error(`Usage: npm start [-- [<app>] [--verbose]], with an app of ${apps.join(', ')}`);
  }
  return { app, verbose };
}

/**
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function aborted(signal) {
  return new Promise((resolve) => {
    // Our processes do not keep us alive; this does.
    const awake = setInterval(() => undefined, 60_000);
    const wake = () => {
      clearInterval(awake);
      resolve();
    };
    if (signal.aborted) wake();
    else signal.addEventListener('abort', wake);
  });
}

/**
 * @param {string} reason
 * @returns {never}
 */
function fail(reason) {
  throw new Error(reason);
}
