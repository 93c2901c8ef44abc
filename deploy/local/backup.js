// @ts-check

// npm run backup -- <folder> | npm run restore -- <folder>: of the system of this checkout, or of the one that
// NATS_URL, DATABASE_URL and REDIS_URL name.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { ensureBuilt } = require('./build');
const { data, logs, startLock } = require('./checkout');
const { ensureDependencies } = require('./dependencies');
const { postgresClientFolder } = require('./postgres-client');
const { readRunEnv } = require('./run-env');
const { startMissingServers } = require('./servers');
const { takeLock } = require('./start-lock');

/** @returns {Promise<number>} the exit code */
async function main() {
  const [command, ...args] = process.argv.slice(2);
  await ensureDependencies();
  const program = await ensureBuilt('backup');
  if (command === 'save') return run(program, ['save', ...args], { ...readRunEnv(), ...process.env });
  const lock = takeLock(startLock);
  if ('holder' in lock) throw new Error('Tallystream is running here: stop it first');
  try {
    const servers = await startMissingServers({ dataDir: data, logDir: logs });
    try {
      return await run(program, ['restore', ...args], { ...process.env, ...servers.env });
    } finally {
      await servers.stop();
    }
  } finally {
    lock.release();
  }
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>}
 */
async function run(program, args, env) {
  const folder = postgresClientFolder();
  const PATH = [...(folder === undefined ? [] : [folder]), env.PATH].join(path.delimiter);
  const child = spawn(process.execPath, [program, ...args], { env: { ...env, PATH }, stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  return code ?? 1;
}

main().then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);
