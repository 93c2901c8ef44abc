// @ts-check

// A pid alone says little: pids are reused, in containers within minutes. A process is known by its pid and
// the moment it started.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');

/** @typedef {{ pid: number, started: string }} ProcessIdentity */

/**
 * @param {number} pid
 * @returns {ProcessIdentity | undefined} undefined when no such process lives (a zombie does not live)
 */
function identityOf(pid) {
  const started = fs.existsSync('/proc/self/stat') ? startedOnLinux(pid) : startedByPs(pid);
  return started === undefined ? undefined : { pid, started };
}

/**
 * @param {ProcessIdentity} identity
 * @returns {boolean}
 */
function isAlive(identity) {
  return identityOf(identity.pid)?.started === identity.started;
}

/**
 * The process and everything below it, parents first: Postgres works in children of their own sessions, which
 * neither a signal to the process nor one to its group reaches.
 * @param {number} pid
 * @returns {number[]}
 */
function processTree(pid) {
  const childrenOf = new Map();
  for (const [child, parent] of everyProcess()) {
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), child]);
  }
  const tree = [pid];
  for (const member of tree) tree.push(...(childrenOf.get(member) ?? []));
  return tree;
}

/**
 * @param {number} pid
 * @returns {string} empty when there is no such process
 */
function commandLineOf(pid) {
  try {
    if (!fs.existsSync('/proc/self/stat')) return ps(['-o', 'command=', '-p', String(pid)]);
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/**
 * The fields of /proc/<pid>/stat after the command name, which may itself hold spaces and brackets.
 * @param {number | string} pid
 */
function statOnLinux(pid) {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent), started: rest[17] };
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function startedOnLinux(pid) {
  const stat = statOnLinux(pid);
  return stat === undefined || stat.state === 'Z' ? undefined : stat.started;
}

/** @param {number} pid */
function startedByPs(pid) {
  try {
    const [state, ...started] = ps(['-o', 'state=,lstart=', '-p', String(pid)])
      .trim()
      .split(/\s+/);
    return state === undefined || state.startsWith('Z') ? undefined : started.join(' ');
  } catch {
    return undefined;
  }
}

/** @returns {[pid: number, parent: number][]} */
function everyProcess() {
  if (!fs.existsSync('/proc/self/stat')) {
    const lines = ps(['-A', '-o', 'pid=,ppid=']).trim().split('\n');
    return lines.map((line) => {
      const [pid, parent] = line.trim().split(/\s+/);
      return [Number(pid), Number(parent)];
    });
  }
  const pids = fs.readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  return pids.map((pid) => [Number(pid), statOnLinux(pid)?.parent ?? 0]);
}

/** @param {string[]} args */
function ps(args) {
  return execFileSync('ps', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

module.exports = { identityOf, isAlive, processTree, commandLineOf };
