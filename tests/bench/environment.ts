import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from '../../deploy/local/checkout';

export type Environment = Readonly<{
  machine: string;
  versions: Readonly<Record<string, string>>;
  commit: string;
}>;

export const environment = async (
  versions: readonly Readonly<Record<string, string>>[],
): Promise<Environment> => ({
  machine: `${os.cpus().length} cores (${os.cpus()[0]?.model.trim() ?? 'unknown'}), ${os.type()} ${os.arch()}`,
  versions: Object.assign({ node: process.versions.node }, ...versions),
  commit: commit(),
});

const commit = (): string => {
  const git = (...args: readonly string[]) =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const isChanged = git('status', '--porcelain', '--untracked-files=no', '--', 'apps', 'libs') !== '';
    return git('rev-parse', '--short', 'HEAD') + (isChanged ? ' with changes' : '');
  } catch {
    return 'unknown';
  }
};

/** Of an installed package. */
export const packageVersion = (name: string): string => {
  const program = require.resolve(name);
  const folder =
    program.slice(0, program.lastIndexOf(path.join('node_modules', name))) + path.join('node_modules', name);
  return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).version;
};

/** Processor time of a process so far, in seconds; nothing where there is no /proc. */
export const cpuSeconds = (pid: number): number | undefined => {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
};

/** What a process holds of the machine's memory, in MiB; nothing where there is no /proc. */
export const residentMiB = (pid: number): number => {
  try {
    const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1_024;
  } catch {
    return Number.NaN;
  }
};

const TICKS_PER_SECOND = 100;
