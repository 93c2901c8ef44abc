// @ts-check

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { local, root } = require('./checkout');
const { packageBin } = require('./package-bin');
const { runTool } = require('./run-tool');
const { say } = require('./say');

const sources = ['apps', 'libs', 'package-lock.json', 'tsconfig.json', 'nest-cli.json'];

/**
 * Builds an app unless dist/ holds it as built from the very same sources.
 * @param {string} app
 * @param {AbortSignal} [signal]
 * @returns {Promise<string>} the program to run
 */
async function ensureBuilt(app, signal) {
  const program = path.join(root, 'dist', 'apps', app, 'main.js');
  const stamp = path.join(local, 'build', `${app}.sha256`);
  const hash = hashOfSources();
  const built = fs.existsSync(stamp) ? fs.readFileSync(stamp, 'utf8') : '';
  if (built === hash && fs.existsSync(program)) return program;
  say(`Building ${app} …`);
  fs.rmSync(stamp, { force: true });
  await runTool(process.execPath, [packageBin('nest'), 'build', app], { cwd: root, signal });
  if (!fs.existsSync(program)) throw new Error(`Building ${app} left no ${path.relative(root, program)}`);
  fs.mkdirSync(path.dirname(stamp), { recursive: true });
  fs.writeFileSync(stamp, hash);
  return program;
}

/** @returns {string} */
function hashOfSources() {
  const hash = createHash('sha256');
  for (const file of sources.flatMap((source) => filesOf(path.join(root, source)))) {
    hash
      .update(`${path.relative(root, file)}\0`)
      .update(fs.readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
}

/**
 * @param {string} place a file or a folder
 * @returns {string[]} in an order that is the same everywhere; tests are no part of what is built
 */
function filesOf(place) {
  if (!fs.existsSync(place) || place.endsWith('.spec.ts')) return [];
  if (!fs.statSync(place).isDirectory()) return [place];
  const names = fs.readdirSync(place).filter((name) => name !== 'node_modules');
  return names.sort().flatMap((name) => filesOf(path.join(place, name)));
}

module.exports = { ensureBuilt };
