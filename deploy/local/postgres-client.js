// @ts-check

const fs = require('node:fs');
const path = require('node:path');
const { isExecutable, onPath } = require('./find-program');

const packages = '/usr/lib/postgresql'; // where Debian puts them, outside of PATH

/**
 * The newest pg_dump of this machine: an older one refuses a newer server. Debian's own on PATH picks by
 * clusters of its own, of which ours is none.
 * @returns {string | undefined} the folder with pg_dump and pg_restore
 */
function postgresClientFolder() {
  const majors = fs.existsSync(packages) ? fs.readdirSync(packages).map(Number).filter(Number.isInteger) : [];
  majors.sort((a, b) => b - a);
  const folders = majors.map((major) => path.join(packages, String(major), 'bin'));
  const found = folders.find((folder) => isExecutable(path.join(folder, 'pg_dump')));
  const program = onPath('pg_dump');
  return found ?? (program === undefined ? undefined : path.dirname(program));
}

module.exports = { postgresClientFolder };
