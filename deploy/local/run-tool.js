// @ts-check

const { spawn } = require('node:child_process');
const { stripVTControlCharacters } = require('node:util');

/**
 * Runs a program to its end, and takes it along when we end first.
 * @param {string} program
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions & { input?: string }} options
 * @returns {Promise<string>} what it printed to stdout; rejects with all it said when it failed
 */
function runTool(program, args, { input = '', env = process.env, ...options }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, env: { ...env, NO_COLOR: '1' }, stdio: 'pipe' });
    const killIt = () => child.kill();
    process.once('exit', killIt);
    let printed = '';
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      printed += text;
      said += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    child.stdin.on('error', () => undefined).end(input); // it may end without having read
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.off('exit', killIt);
      if (code === 0) resolve(printed);
      else reject(new Error(`${[program, ...args].join(' ')} ended with ${signal ?? code}:\n${plain(said)}`));
    });
  });
}

/**
 * Not every tool cares for NO_COLOR, and the place where this is shown may know no colours.
 * @param {string} text
 */
function plain(text) {
  return stripVTControlCharacters(text).trim();
}

module.exports = { runTool };
