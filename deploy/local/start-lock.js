// @ts-check

const fs = require('node:fs');
const path = require('node:path');
const { identityOf, isAlive } = require('./process-identity');

/**
 * Only one process at a time holds the lock. One left behind by a process that is gone does not count.
 * @param {string} file
 * @returns {{ holder: number } | { release: () => void }} the holder's pid if another process holds it
 */
function takeLock(file) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const mine = JSON.stringify(identityOf(process.pid));
  // A file of ours that gets its name in one step: nobody ever reads it half written.
  const draft = `${file}.${process.pid}`;
  fs.writeFileSync(draft, mine);
  try {
    for (;;) {
      if (linked(draft, file)) return { release: () => fs.rmSync(file, { force: true }) };
      const holder = holderOf(file);
      if (holder !== undefined && isAlive(holder)) return { holder: holder.pid };
      dropStale(file, `${draft}.stale`);
    }
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

/**
 * Looks again after moving it away: between our look and the move somebody may have replaced it by theirs.
 * @param {string} file
 * @param {string} aside
 */
function dropStale(file, aside) {
  try {
    fs.renameSync(file, aside);
  } catch {
    return; // somebody else did
  }
  const holder = holderOf(aside);
  if (holder !== undefined && isAlive(holder)) linked(aside, file);
  fs.rmSync(aside);
}

/**
 * @param {string} draft
 * @param {string} file
 */
function linked(draft, file) {
  try {
    fs.linkSync(draft, file);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * @param {string} file
 * @returns {import('./process-identity').ProcessIdentity | undefined}
 */
function holderOf(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined; // released in between, or broken
  }
}

module.exports = { takeLock };
