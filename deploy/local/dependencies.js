// @ts-check

const fs = require('node:fs');
const path = require('node:path');
const { local, root } = require('./checkout');
const { npm } = require('./npm-client');
const { say } = require('./say');

/** There while an installation is under way: npm writes down what it installs before it is all there. */
const unfinished = path.join(local, 'installing');

/**
 * Installs what package-lock.json asks for, unless it is installed already.
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
async function ensureDependencies(signal) {
  if (isInstalled()) return;
  say('Installing dependencies (npm ci) …');
  fs.mkdirSync(local, { recursive: true });
  fs.writeFileSync(unfinished, '');
  // Without --include=dev a NODE_ENV of production would leave out what builds us.
  try {
    await npm(
      ['ci', '--include=dev', '--no-audit', '--no-fund', '--no-progress', '--prefer-offline'],
      signal,
    );
  } catch (error) {
    // What npm says first is the reason; its usage follows, over pages.
    const reason = /** @type {Error} */ (error).message.split('\n').slice(1, 12).join('\n');
    throw new Error(`Dependencies could not be installed:\n${reason}`);
  }
  fs.rmSync(unfinished);
}

/**
 * Compares what npm says it installed with what it should have: file times say little after a checkout.
 * @returns {boolean}
 */
function isInstalled() {
  if (isBorrowed()) return true;
  if (fs.existsSync(unfinished)) return false;
  const wanted = packagesIn(path.join(root, 'package-lock.json'));
  const installed = packagesIn(path.join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined || installed === undefined) return false;
  return Object.entries(wanted).every(
    ([folder, entry]) => folder === '' || entry.optional || installed[folder]?.version === entry.version,
  );
}

/**
 * Behind a link are the dependencies of another checkout: npm ci would empty them.
 * @returns {boolean}
 */
function isBorrowed() {
  return fs.lstatSync(path.join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }> | undefined}
 */
function packagesIn(file) {
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')).packages : undefined;
}

module.exports = { ensureDependencies };
