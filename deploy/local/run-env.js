// @ts-check

// .local/run.env: the addresses and keys of the running system, for shells (`source .local/run.env`) and for
// the scripts here.

const fs = require('node:fs');
const { runEnv } = require('./checkout');

/** @param {Record<string, string | undefined>} values */
function writeRunEnv(values) {
  const lines = Object.entries(values).map(([name, value]) => `${name}=${quoted(value ?? '')}\n`);
  fs.rmSync(runEnv, { force: true }); // the mode is only given to a new file
  fs.writeFileSync(runEnv, lines.join(''), { mode: 0o600 });
}

/** @returns {Record<string, string>} empty when nothing runs here */
function readRunEnv() {
  if (!fs.existsSync(runEnv)) return {};
  const lines = fs.readFileSync(runEnv, 'utf8').split('\n').filter(Boolean);
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), unquoted(line.slice(line.indexOf('=') + 1))]),
  );
}

function removeRunEnv() {
  fs.rmSync(runEnv, { force: true });
}

/** @param {string} value */
function quoted(value) {
  return /^[\w:/@.+-]*$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}

/** @param {string} value */
function unquoted(value) {
  return value.startsWith("'") ? value.slice(1, -1).replaceAll(`'\\''`, "'") : value;
}

module.exports = { writeRunEnv, readRunEnv, removeRunEnv };
