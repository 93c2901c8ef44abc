// @ts-check

const fs = require('node:fs');
const path = require('node:path');
const { ask } = require('./ask');
const { createHash } = require('node:crypto');
const { binaries, root } = require('./checkout');
const { onPath, versionOf } = require('./find-program');
const { rememberedPort } = require('./free-port');
const { defaultNamespace, everything, passwords, urlWith } = require('./passwords');
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
  const passwordOf = passwords(dataDir);
  const aclfile = path.join(folder, 'users.acl');
  fs.writeFileSync(aclfile, users(passwordOf, versionOf(program)[0]), { mode: 0o600 });
  // No persistence: it is a cache, filled from the stream at every start.
  const settings = {
    bind: '127.0.0.1',
    port: String(port),
    dir: folder,
    save: '',
    appendonly: 'no',
    aclfile,
  };
  const [user, password] = [everything, passwordOf(everything)];
  return startServer({
    name: 'redis',
    url: urlWith(`redis://127.0.0.1:${port}`, user, password),
    urlAs: (app) => urlWith(`redis://127.0.0.1:${port}`, app, passwordOf(app)),
    port,
    program,
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    stopSignal: 'SIGTERM',
    dataDir,
    logFile: path.join(logDir, 'redis.log'),
    cwd: folder,
    checkReady: () =>
      ask(port, `AUTH ${user} ${password}\r\nPING\r\n`, (answer) =>
        /^\+OK\r\n\+PONG\r\n$/.test(answer.toString('latin1')),
      ),
  });
}

/**
 * The apps' own users, as in containers, for one namespace; and one that may do all apps' work in any.
 * @param {(user: string) => string} passwordOf
 * @param {number} major of the server
 * @returns {string}
 */
function users(passwordOf, major) {
  const template = fs.readFileSync(path.join(root, 'deploy', 'redis', 'users.acl'), 'utf8');
  const namespace = process.env.NAMESPACE || defaultNamespace;
  const apps = template
    .replace(/^#.*\n/gm, '')
    .replaceAll('@PREFIX@', namespace === defaultNamespace ? '' : `${namespace}:`)
    .replace(/@([A-Z_]+)@/g, (_, name) => hashOf(passwordOf(name.toLowerCase().replaceAll('_', '-'))));
  const all = `user ${everything} on #${hashOf(passwordOf(everything))} ~* &* +@all\n`;
  // Redis 6 cannot tell reading from writing.
  return (major < 7 ? apps.replaceAll('%R~', '~') : apps) + all;
}

/** @param {string} password */
function hashOf(password) {
  return createHash('sha256').update(password).digest('hex');
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
