// @ts-check

// A process that belongs to us and never outlives us. It gets a session of its own, so that Ctrl-C in the
// terminal reaches only our script, which then stops things in order. And because a SIGKILLed script stops
// nothing, a watchdog holds a pipe from us: when it closes, the process is ended.

const { spawn } = require('node:child_process');
const { processTree } = require('./process-identity');

/**
 * @typedef {object} OwnedProcess
 * @property {number} pid
 * @property {Promise<{ code: number | null, signal: NodeJS.Signals | null }>} exited
 * @property {() => boolean} hasExited
 * @property {(signal?: NodeJS.Signals, deadlineMs?: number) => Promise<void>} end
 *   signals, waits for the exit, and sends SIGKILL after the deadline; ends a paused process too
 * @property {() => void} pause stops the process and its children in their tracks (SIGSTOP)
 * @property {() => void} resume
 */

/**
 * @typedef {object} OwnedCommand
 * @property {string} program
 * @property {string[]} args
 * @property {NodeJS.Signals} stopSignal what the watchdog sends
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {{ uid: number, gid: number }} [user]
 * @property {import('node:child_process').StdioOptions} stdio
 */

/**
 * @param {OwnedCommand} command
 * @returns {Promise<OwnedProcess & { child: import('node:child_process').ChildProcess }>}
 */
async function startOwned({ program, args, stopSignal, cwd, env, user, stdio }) {
  const child = spawn(program, args, { cwd, env, stdio, detached: true, ...user });
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  const pid = Number(child.pid);

  /** @type {OwnedProcess['exited']} */
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  const hasExited = () => child.exitCode !== null || child.signalCode !== null;
  const watchdog = startWatchdog(pid, stopSignal);
  exited.then(() => watchdog.kill('SIGKILL'));
  // Neither keeps our own process alive: a script that ends without stopping its servers ends them all the same.
  child.unref();

  return {
    child,
    pid,
    exited,
    hasExited,
    end: async (signal = stopSignal, deadlineMs = 10_000) => {
      if (hasExited()) return;
      if (signal === 'SIGKILL') signalTree(pid, 'SIGKILL');
      else signalOne(pid, signal);
      signalTree(pid, 'SIGCONT');
      const escalation = setTimeout(() => signalTree(pid, 'SIGKILL'), deadlineMs);
      await exited;
      clearTimeout(escalation);
    },
    pause: () => {
      if (hasExited()) return;
      signalOne(pid, 'SIGSTOP'); // first the parent, or it would start children while we count them
      signalTree(pid, 'SIGSTOP');
    },
    resume: () => {
      if (!hasExited()) signalTree(pid, 'SIGCONT');
    },
  };
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} stopSignal
 */
function startWatchdog(pid, stopSignal) {
  const script = `
    read -r nothing
    kill -${stopSignal.slice(3)} "$0"; kill -CONT "$0"
    for second in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$0" || exit 0; sleep 1; done
    kill -KILL "$0"`;
  const watchdog = spawn('/bin/sh', ['-c', script, String(pid)], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.stdin.on('error', () => undefined); // it is gone: then so is its server
  watchdog.unref();
  /** @type {import('node:net').Socket} */ (watchdog.stdin).unref();
  return watchdog;
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
function signalTree(pid, signal) {
  for (const member of processTree(pid)) signalOne(member, signal);
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
function signalOne(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}

module.exports = { startOwned };
