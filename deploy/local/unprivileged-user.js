// @ts-check

// Postgres refuses to run as root. When we are root it runs as another user, who may not be able to reach
// our folders: /root is 0700. What that user needs then lives in awayRoot, with a symlink where we look for it.

const { execFileSync, spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const awayRoot = '/var/lib/tallystream';

/** @typedef {{ uid: number, gid: number }} User */

/** @returns {User | undefined} undefined when we are not root: then everything runs as ourselves */
function unprivilegedUser() {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const uid = idOf(name, '-u');
    const gid = idOf(name, '-g');
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  throw new Error('Postgres does not run as root, and there is no user "postgres" or "nobody" to run it as');
}

/**
 * A folder below `dataDir` that the user can reach and owns.
 * @param {string} dataDir
 * @param {string} name
 * @param {User | undefined} user
 * @returns {string} its real path
 */
function reachableFolder(dataDir, name, user) {
  const folder = path.join(dataDir, name);
  if (user === undefined || canReach(dataDir, user) || letPass(dataDir, user)) {
    takeBack(folder);
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (user !== undefined) fs.chownSync(folder, user.uid, user.gid);
    return folder;
  }
  const away = awayFolder(folder);
  fs.mkdirSync(path.dirname(away), { recursive: true, mode: 0o755 });
  // The symlink is what says that the files are ours: without it they are left over from a deleted checkout.
  if (linkTarget(folder) !== away) fs.rmSync(away, { recursive: true, force: true });
  if (isRealFolder(folder)) execFileSync('mv', [folder, away]);
  fs.rmSync(folder, { force: true });
  fs.mkdirSync(away, { recursive: true, mode: 0o700 });
  fs.chownSync(away, user.uid, user.gid);
  fs.symlinkSync(away, folder);
  return away;
}

/**
 * Where to unpack programs the user must be able to run: the wished folder if it is reachable.
 * @param {string} folder
 * @param {User | undefined} user
 * @returns {string}
 */
function reachablePrograms(folder, user) {
  const parent = path.dirname(folder);
  fs.mkdirSync(parent, { recursive: true });
  if (user === undefined || canReach(parent, user)) return folder;
  const away = path.join(awayRoot, 'bin', path.basename(folder));
  fs.mkdirSync(path.dirname(away), { recursive: true, mode: 0o755 });
  if (linkTarget(folder) !== away && !isRealFolder(folder)) {
    fs.rmSync(folder, { force: true });
    fs.symlinkSync(away, folder);
  }
  return away;
}

/**
 * @param {string} dataDir
 * @param {string} name
 */
function removeReachableFolder(dataDir, name) {
  const folder = path.join(dataDir, name);
  if (linkTarget(folder) === awayFolder(folder)) {
    fs.rmSync(path.dirname(awayFolder(folder)), { recursive: true, force: true });
  }
  fs.rmSync(folder, { recursive: true, force: true });
}

/**
 * Asked of the kernel, as that user, instead of reckoned from the modes of every folder above.
 * @param {string} folder
 * @param {User} user
 * @returns {boolean}
 */
function canReach(folder, user) {
  return spawnSync('/bin/sh', ['-c', 'cd "$0"', folder], { ...user, cwd: '/', stdio: 'ignore' }).status === 0;
}

/**
 * Opens our own folder to those who pass through it; what lies above is not ours to open.
 * @param {string} dataDir
 * @param {User} user
 */
function letPass(dataDir, user) {
  if (!canReach(path.dirname(dataDir), user)) return false;
  fs.chmodSync(dataDir, 0o711);
  return canReach(dataDir, user);
}

/**
 * The reverse of going away: the checkout has moved to a place that is reachable.
 * @param {string} folder
 */
function takeBack(folder) {
  const target = linkTarget(folder);
  if (target === undefined) return;
  fs.rmSync(folder);
  if (target === awayFolder(folder) && fs.existsSync(target)) execFileSync('mv', [target, folder]);
}

/**
 * @param {string} folder
 * @returns {string}
 */
function awayFolder(folder) {
  const hash = createHash('sha256').update(path.dirname(folder)).digest('hex').slice(0, 16);
  return path.join(awayRoot, hash, path.basename(folder));
}

/** @param {string} file */
function linkTarget(file) {
  return fs.lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() ? fs.readlinkSync(file) : undefined;
}

/** @param {string} folder */
function isRealFolder(folder) {
  return fs.lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * @param {string} name
 * @param {'-u' | '-g'} which
 * @returns {number | undefined}
 */
function idOf(name, which) {
  const { status, stdout } = spawnSync('id', [which, name], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : undefined;
}

module.exports = { unprivilegedUser, reachableFolder, reachablePrograms, removeReachableFolder };
