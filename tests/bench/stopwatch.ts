import { cpuSeconds } from './environment';

/** Cores in use: by the process that worked, and by the server that it worked against. */
export type Timed = Readonly<{ seconds: number; own: number; server: number }>;

export const timed = async (serverPid: number, work: () => Promise<unknown>): Promise<Timed> => {
  const usage = () => [cpuSeconds(process.pid), cpuSeconds(serverPid)] as const;
  const before = usage();
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1_000;
  const [own, server] = usage().map((cpu, n) => ((cpu ?? Number.NaN) - (before[n] ?? Number.NaN)) / seconds);
  return { seconds, own: own ?? Number.NaN, server: server ?? Number.NaN };
};
