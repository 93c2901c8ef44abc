import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { eventually } from '@tallystream/testing';
import { freePort } from '../../deploy/local/free-port';
import { logTail } from '../../deploy/local/log-tail';
import { type OwnedProcess, startOwned } from '../../deploy/local/owned-process';

/** What faults can be done to. A server of deploy/local is one, too. */
export type Victim = Readonly<{
  name: string;
  kill: () => Promise<void>;
  pause: () => void;
  resume: () => void;
  /** Starts what was killed, on its own port. */
  restart: () => Promise<void>;
}>;

/** A program of ours as a process of its own, which can be killed, paused and started again. */
export type Program = Victim &
  Readonly<{
    url: string;
    isReady: () => Promise<boolean>;
    /** What it said last, each time it ended though nobody wanted it to. It was started again, as a supervisor would. */
    endedByItself: () => readonly string[];
    stop: () => Promise<void>;
  }>;

export const startProgram = async ({
  name,
  program,
  env,
  logDir,
}: Readonly<{
  name: string;
  program: string;
  env: Readonly<Record<string, string>>;
  logDir: string;
}>): Promise<Program> => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const logFile = path.join(logDir, `${name}.log`);
  const unwanted: string[] = [];
  const start = async (): Promise<OwnedProcess> => {
    const log = openSync(logFile, 'a');
    try {
      const owned = await startOwned({
        program: process.execPath,
        args: [program],
        stopSignal: 'SIGTERM',
        env: { PATH: process.env.PATH, ...env, PORT: String(port) },
        stdio: ['ignore', log, log],
      });
      void owned.exited.then(async () => {
        if (current !== owned) return;
        unwanted.push(logTail(logFile));
        current = await start();
      });
      return owned;
    } finally {
      closeSync(log);
    }
  };
  let current: OwnedProcess | undefined = await start();
  const end = async (signal: NodeJS.Signals) => {
    const last = current;
    current = undefined;
    await last?.end(signal);
  };
  return {
    name,
    url,
    kill: () => end('SIGKILL'),
    pause: () => current?.pause(),
    resume: () => current?.resume(),
    restart: async () => {
      await end('SIGKILL');
      current = await start();
    },
    isReady: async () => {
      const signal = AbortSignal.timeout(2_000);
      const answer = await fetch(`${url}/health/ready`, { signal }).catch(() => undefined);
      return answer?.status === 200;
    },
    endedByItself: () => unwanted,
    stop: () => end('SIGTERM'),
  };
};

const READY_MS = 120_000;

export const untilReady = (programs: readonly Program[]): Promise<void> =>
  eventually(async () => {
    for (const program of programs)
      if (!(await program.isReady())) throw new Error(`${program.name} is not ready`);
  }, READY_MS);
