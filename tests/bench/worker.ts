import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { VoidRun } from './bench';

/** What a worker can be asked for. Inputs and outputs travel between processes: plain data only. */
export type Tasks = Readonly<Record<string, (input: never) => Promise<unknown>>>;
type Output<T extends Tasks, K extends keyof T> = Awaited<ReturnType<T[K]>>;

export type Worker<T extends Tasks> = Readonly<{
  pid: number;
  run: <K extends keyof T & string>(task: K, input: Parameters<T[K]>[0]) => Promise<Output<T, K>>;
  stop: () => Promise<void>;
}>;

type Question = Readonly<{ task: string; input: unknown }>;
type Answer = Readonly<{ output: unknown }> | Readonly<{ error: string; isVoid: boolean }>;

const hook = path.join(__dirname, '..', 'typescript-hook.js');

/** The options under which Node runs a file of ours in a process of its own. */
export const nodeOptions = (profiles?: string): readonly string[] => [
  '--require',
  hook,
  ...(profiles ? ['--cpu-prof', '--cpu-prof-dir', profiles] : []),
];

/** A process of its own for each contender: no other one's garbage, no other one's compiled code. */
export const startWorker = <T extends Tasks>(
  file: string,
  profiles?: string,
  flags: readonly string[] = [],
): Worker<T> => {
  const child = fork(file, { execArgv: [...nodeOptions(profiles), ...flags], serialization: 'advanced' });
  const exited = once(child, 'exit');
  return {
    pid: Number(child.pid),
    run: async <K extends keyof T & string>(task: K, input: Parameters<T[K]>[0]): Promise<Output<T, K>> => {
      child.send({ task, input } satisfies Question);
      const answer = await answerOf(child, exited);
      if ('output' in answer) return answer.output as Output<T, K>;
      throw answer.isVoid ? new VoidRun(answer.error) : new Error(answer.error);
    },
    stop: async () => {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
};

const answerOf = async (child: ChildProcess, exited: Promise<unknown>): Promise<Answer> => {
  const answered = once(child, 'message').then(([answer]: readonly Answer[]) => answer);
  const answer = await Promise.race([answered, exited.then(() => undefined)]);
  if (!answer) throw new Error(`${path.basename(child.spawnargs.at(-1) ?? '')} ended by itself`);
  return answer;
};

/** The worker's side: answers one question after the other, and ends when nobody asks any more. */
export const serve = (tasks: Tasks): void => {
  process.on('message', ({ task, input }: Question) => {
    const handler = tasks[task] as ((input: unknown) => Promise<unknown>) | undefined;
    if (!handler) throw new Error(`no task "${task}"`);
    handler(input)
      .then((output): Answer => ({ output }))
      .catch(
        (error: Error): Answer => ({ error: error.stack ?? error.message, isVoid: error instanceof VoidRun }),
      )
      .then((answer) => process.send?.(answer));
  });
  process.on('disconnect', () => process.exit(0));
};
