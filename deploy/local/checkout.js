// @ts-check

// Where things of this checkout live. Everything we create at run time is below .local/, so that deleting
// that one folder gives a fresh start.

const path = require('node:path');

const root = path.resolve(__dirname, '..', '..');
const local = path.join(root, '.local');

module.exports = {
  root,
  local,
  data: path.join(local, 'data'),
  logs: path.join(local, 'logs'),
  binaries: path.join(local, 'bin'),
  runEnv: path.join(local, 'run.env'),
  startLock: path.join(local, 'start.lock'),
};
