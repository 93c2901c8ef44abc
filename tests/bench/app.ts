import { freePort } from '../../deploy/local/free-port';
import { startOwned } from '../../deploy/local/owned-process';
import { waitUntil } from '../../deploy/local/wait-until';

/** Longer than a sync may take: one that is too slow shall be seen as such. */
const READY_MS = 120_000;

export type AppWishes = Readonly<{
  health: string;
  isUp: (body: string) => boolean;
  /** Of Node. */
  flags?: readonly string[];
}>;

/** A process of ours, up when its health is as wanted. */
export const startApp = async (
  program: string,
  environment: Readonly<Record<string, string>>,
  { health, isUp, flags = [] }: AppWishes,
) => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const output: string[] = [];
  const owned = await startOwned({
    program: process.execPath,
    args: [...flags, program],
    stopSignal: 'SIGTERM',
    env: { PATH: process.env.PATH, PORT: String(port), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [owned.child.stdout, owned.child.stderr])
    stream?.on('data', (chunk) => output.push(String(chunk)));
  const up = async () => {
    const response = await fetch(url + health);
    const body = await response.text();
    if (!response.ok || !isUp(body)) throw new Error(`it answers ${response.status}: ${body}`);
  };
  await waitUntil(up, { what: program, deadlineMs: READY_MS, giveUp: owned.hasExited }).catch(
    async (error: Error) => {
      await owned.end('SIGTERM');
      throw new Error(`${error.message}\n${output.join('')}`);
    },
  );
  return { url, port, pid: owned.pid, stop: () => owned.end('SIGTERM') };
};

export const readJson = async <T>(url: string, init?: RequestInit): Promise<T> => {
  const response = await fetch(url, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return JSON.parse(text);
};
