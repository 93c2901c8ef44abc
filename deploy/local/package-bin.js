// @ts-check

const path = require('node:path');
const fs = require('node:fs');
const { root } = require('./checkout');

/**
 * The arguments with which our own Node runs a command of an installed package: no shell, no npx, no network.
 * @param {string} name as in node_modules/.bin
 * @returns {string}
 */
function packageBin(name) {
  return fs.realpathSync(path.join(root, 'node_modules', '.bin', name));
}

module.exports = { packageBin };
