// @ts-check

// What is written in TypeScript and run by hand: benches, chaos.

const fs = require('node:fs');
const path = require('node:path');
const { root } = require('../deploy/local/checkout');
const { ensureDependencies } = require('../deploy/local/dependencies');
const { requireNode } = require('../deploy/local/node-version');
const { stopSignal } = require('../deploy/local/stop-signal');

/**
 * Installs what is missing, runs `main` of a TypeScript file with the arguments of this process, and exits with
 * the code that it gives.
 * @param {string} file
 */
function runCommand(file) {
  requireNode();
  const stopped = stopSignal();
  (isBorrowed() ? Promise.resolve() : ensureDependencies(stopped))
    .then(() => {
      require('./typescript-hook');
      return require(file).main(process.argv.slice(2), stopped);
    })
    .then(
      (code) => process.exit(code),
      (error) => {
        process.stderr.write(`${error.stack ?? error}\n`);
        process.exit(1);
      },
    );
}

/**
 * A worktree may link to another checkout's node_modules, and `npm ci` would empty that one: it removes what it
 * finds behind the link, not the link (npm 11.19, lib/commands/ci.js).
 */
function isBorrowed() {
  const folder = path.join(root, 'node_modules');
  return fs.lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

module.exports = { runCommand };
