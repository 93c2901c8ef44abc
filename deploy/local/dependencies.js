// @ts-check

const fs = require('node:fs');
const path = require('node:path');
const { root } = require('./checkout');
const { npm } = require('./npm-client');
const { say } = require('./say');

/**
 * Installs what package-lock.json asks for, unless it is installed already.
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
async function ensureDependencies(signal) {
  if (isInstalled()) return;
  say('Installing dependencies (npm ci) …');
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
}

/**
 * Compares what npm says it installed with what it should have: file times say little after a checkout.
 * @returns {boolean}
 */
function isInstalled() {
  const wanted = packagesIn(path.join(root, 'package-lock.json'));
  const installed = packagesIn(path.join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined || installed === undefined) return false;
  return Object.entries(wanted).every(
    ([folder, entry]) => folder === '' || entry.optional || installed[folder]?.version === entry.version,
  );
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }> | undefined}
 */
function packagesIn(file) {
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')).packages : undefined;
}

module.exports = { ensureDependencies };
