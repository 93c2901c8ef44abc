// @ts-check

// Passwords of the local servers' users: made once for each folder of data, and the same for all three servers.

const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

/** The user who may do all apps' work. */
const everything = 'standalone';

/**
 * @param {string} dataDir
 * @returns {(user: string) => string} makes one for whoever has none
 */
function passwords(dataDir) {
  const folder = path.join(dataDir, 'passwords');
  return (user) => {
    const file = path.join(folder, user);
    if (!fs.existsSync(file)) {
      fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
      fs.writeFileSync(`${file}.new`, randomBytes(24).toString('hex'), { mode: 0o600 });
      fs.renameSync(`${file}.new`, file);
    }
    return fs.readFileSync(file, 'utf8');
  };
}

/**
 * @param {string} url
 * @param {string} user
 * @param {string} password
 * @returns {string}
 */
function urlWith(url, user, password) {
  return url.replace('://', `://${user}:${password}@`);
}

/** Its names stand without a prefix. */
const defaultNamespace = 'tally';

module.exports = { defaultNamespace, everything, passwords, urlWith };
