// @ts-check

// node deploy/local/with-servers.js <command…>: runs a command (also one of node_modules/.bin) with temporary
// servers in NATS_URL, DATABASE_URL and REDIS_URL. Those of them that are set already are used instead.

const { spawn } = require('node:child_process');
const os = require('node:os');
const path = require('node:path');
const { root } = require('./checkout');
const { startMissingServers, temporaryData, removeData } = require('./servers');
const { stopSignal } = require('./stop-signal');

async function main() {
  const [program, ...args] = process.argv.slice(2);
  if (program === undefined) throw new Error('Usage: node deploy/local/with-servers.js <command…>');
  const stopped = stopSignal();
  const dataDir = temporaryData();
  try {
    const servers = await startMissingServers({ dataDir });
    try {
      stopped.throwIfAborted();
      return await run(program, args, servers.env, stopped);
    } finally {
      await servers.stop();
    }
  } finally {
    removeData(dataDir);
  }
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {Record<string, string>} urls
 * @param {AbortSignal} stopped
 * @returns {Promise<number>} its exit code, as shells say it
 */
function run(program, args, urls, stopped) {
  const bin = path.join(root, 'node_modules', '.bin');
  const env = { ...process.env, ...urls, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}` };
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: 'inherit' });
    stopped.addEventListener('abort', () => child.kill());
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + os.constants.signals[signal ?? 'SIGKILL']));
  });
}

main().then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  },
);
