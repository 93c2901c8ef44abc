// @ts-check

const fs = require('node:fs');

/**
 * @param {string} file
 * @param {number} [lines]
 * @returns {string} the last lines, empty when there is no such file
 */
function logTail(file, lines = 15) {
  if (!fs.existsSync(file)) return '';
  const handle = fs.openSync(file, 'r');
  try {
    const size = fs.fstatSync(handle).size;
    const length = Math.min(size, 64 * 1024);
    const buffer = Buffer.alloc(length);
    fs.readSync(handle, buffer, 0, length, size - length);
    return buffer.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } finally {
    fs.closeSync(handle);
  }
}

module.exports = { logTail };
