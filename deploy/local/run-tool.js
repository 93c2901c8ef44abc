// @ts-check

const { spawn } = require('node:child_process');
const { stripVTControlCharacters } = require('node:util');

const graceMs = 5_000;

/**
 * Runs a program to its end. When `signal` aborts, it is ended with all that it started, and only then does
 * this reject: half an installation must not go on behind our back. It goes along when we end first.
 * @param {string} program
 * @param {string[]} args
 * @param {Omit<import('node:child_process').SpawnOptions, 'signal'> & { input?: string, signal?: AbortSignal }} options
 * @returns {Promise<string>} what it printed to stdout; rejects with all it said when it failed
 */
function runTool(program, args, { input = '', env = process.env, signal, ...options }) {
  return new Promise((resolve, reject) => {
    // A group of its own, so that what it starts in turn can be ended with it.
    const child = spawn(program, args, {
      ...options,
      env: { ...env, NO_COLOR: '1' },
      stdio: 'pipe',
      detached: true,
    });
    const killIt = () => endGroup(child.pid, 'SIGKILL');
    const endIt = () => {
      endGroup(child.pid, 'SIGTERM');
      setTimeout(killIt, graceMs).unref();
    };
    process.once('exit', killIt);
    if (signal?.aborted) endIt();
    signal?.addEventListener('abort', endIt, { once: true });
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
    child.once('close', (code, killed) => {
      process.off('exit', killIt);
      signal?.removeEventListener('abort', endIt);
      if (signal?.aborted) killIt(); // what it may have left behind
      if (code === 0) resolve(printed);
      else reject(new Error(`${[program, ...args].join(' ')} ended with ${killed ?? code}:\n${plain(said)}`));
    });
  });
}

/**
 * @param {number | undefined} leader
 * @param {NodeJS.Signals} how
 */
function endGroup(leader, how) {
  try {
    if (leader !== undefined) process.kill(-leader, how);
  } catch {
    // Nobody is left in it.
  }
}

/**
 * Not every tool cares for NO_COLOR, and the place where this is shown may know no colours.
 * @param {string} text
 */
function plain(text) {
  return stripVTControlCharacters(text).trim();
}

module.exports = { runTool };
