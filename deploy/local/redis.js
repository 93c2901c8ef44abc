// @ts-check

const fs = require('node:fs');
const path = require('node:path');
const { ask } = require('./ask');
const { binaries } = require('./checkout');
const { onPath } = require('./find-program');
const { rememberedPort } = require('./free-port');
const { runTool } = require('./run-tool');
const { say } = require('./say');
const { startServer } = require('./server-process');

/**
 * @param {{ dataDir: string, logDir: string }} options
 * @returns {Promise<import('./server-process').LocalServer>}
 */
async function startRedis({ dataDir, logDir }) {
  const program = await redisServer();
  const port = await rememberedPort(path.join(dataDir, 'redis.port'));
  const folder = path.join(dataDir, 'redis');
  fs.mkdirSync(folder, { recursive: true });
  // No persistence: it is a cache, filled from the stream at every start.
  const settings = { bind: '127.0.0.1', port: String(port), dir: folder, save: '', appendonly: 'no' };
  return startServer({
    name: 'redis',
    url: `redis://127.0.0.1:${port}`,
    port,
    program,
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    stopSignal: 'SIGTERM',
    dataDir,
    logFile: path.join(logDir, 'redis.log'),
    cwd: folder,
    checkReady: () => ask(port, 'PING\r\n', (answer) => answer.toString('latin1') === '+PONG\r\n'),
  });
}

/** @returns {Promise<string>} */
async function redisServer() {
  const found = installed();
  if (found !== undefined) return found;
  await install();
  const now = installed();
  if (now !== undefined) return now;
  throw new Error('Please install redis-server or valkey-server, or set REDIS_URL');
}

/** @returns {string | undefined} */
function installed() {
  return onPath('redis-server') ?? onPath('valkey-server') ?? fromRedisTools();
}

/**
 * Debian's redis-tools holds the server's program, under another name: Redis looks at the name it was called
 * by. So we need not install redis-server, a package that starts a system service.
 * @returns {string | undefined}
 */
function fromRedisTools() {
  const program = onPath('redis-check-rdb');
  if (program === undefined) return undefined;
  const link = path.join(binaries, 'redis-server');
  fs.mkdirSync(binaries, { recursive: true });
  if (!fs.existsSync(link)) {
    fs.rmSync(link, { force: true }); // it may point to what was there once
    fs.symlinkSync(program, link);
  }
  return link;
}

/** Installs what this machine's own package tool offers, where that needs no questions. */
async function install() {
  if (process.platform === 'darwin' && onPath('brew') !== undefined) {
    say('Installing Redis (brew install redis) …');
    await runTool('brew', ['install', 'redis'], {});
  } else if (process.getuid?.() === 0 && onPath('apt-get') !== undefined) {
    say('Installing Redis (apt-get install redis-tools) …');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await runTool('apt-get', ['update'], { env });
    await runTool('apt-get', ['install', '-y', '--no-install-recommends', 'redis-tools'], { env });
  }
}

module.exports = { startRedis };
