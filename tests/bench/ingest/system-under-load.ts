import path from 'node:path';
import { namingFor } from '@tallystream/contracts';
import { natsOptions } from '@tallystream/testing';
import { connect } from 'nats';
import { freePort } from '../../../deploy/local/free-port';
import { startOwned } from '../../../deploy/local/owned-process';
import { waitUntil } from '../../../deploy/local/wait-until';
import { VoidRun } from '../bench';
import { cpuSeconds } from '../environment';
import { nodeOptions } from '../worker';
import { SECRET } from './webhooks';

/** `ingress`: the built app; the others are programs of this folder. */
export type Program = Readonly<{ file: string; consumers: boolean; env?: Readonly<Record<string, string>> }>;

export type Servers = Readonly<{ natsUrl: string; databaseUrl: string; profiles?: string }>;

/** Nest ends a process by its own signal, and then Node leaves no profile. */
const exitOnSigterm = path.join(__dirname, 'exit-on-sigterm.js');
const READY_MS = 30_000;
const DRAINED_MS = 120_000;

/** A process that takes webhooks, with a namespace of its own on the servers that all share. */
export const startSystem = async (program: Program, namespace: string, servers: Servers) => {
  const { natsUrl, databaseUrl, profiles } = servers;
  const port = await freePort();
  const output: string[] = [];
  const owned = await startOwned({
    program: process.execPath,
    args: [...nodeOptions(profiles), ...(profiles ? ['--require', exitOnSigterm] : []), program.file],
    stopSignal: 'SIGTERM',
    cwd: path.join(__dirname, '../../..'),
    env: {
      PATH: process.env.PATH,
      NATS_URL: natsUrl,
      DATABASE_URL: databaseUrl,
      NAMESPACE: namespace,
      PORT: String(port),
      LOG_LEVEL: 'warn',
      ZOHO_WEBHOOK_SECRET: SECRET,
      SALES_WAREHOUSE_ID: '2646610000000077024',
      ...program.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [owned.child.stdout, owned.child.stderr]) {
    stream?.on('data', (chunk) => output.push(String(chunk)));
  }
  await waitUntil(
    async () => {
      const { status } = await fetch(`http://127.0.0.1:${port}/health/ready`);
      if (status !== 200) throw new Error(`it answers ${status}`);
    },
    { what: program.file, deadlineMs: READY_MS, giveUp: owned.hasExited },
  ).catch((error: Error) => {
    throw new Error(`${error.message}\n${output.join('')}`);
  });

  const nats = await connect(natsOptions(natsUrl));
  const manager = await nats.jetstreamManager();
  const naming = namingFor(namespace);
  const inbox = naming.stream('ZOHO_INBOX');
  /** Webhooks that the translator has not finished. */
  const backlog = async (): Promise<number> => {
    if (!program.consumers) return 0;
    const info = await manager.consumers.info(inbox, naming.consumer('translator'));
    return info.num_pending + info.num_ack_pending;
  };
  const logged = async (): Promise<number> => {
    const info = await manager.consumers.info(
      naming.stream('ZOHO_OUTCOMES'),
      naming.consumer('webhook-outcomes'),
    );
    return info.num_pending + info.num_ack_pending;
  };
  return {
    port,
    pid: owned.pid,
    cpu: () => cpuSeconds(owned.pid) ?? Number.NaN,
    stored: async () => (await manager.streams.info(inbox)).state.last_seq,
    backlog,
    /** Waits until everything that came in has gone through, so that no other contender pays for it. */
    drained: async () => {
      await waitUntil(
        async () => {
          const left = (await backlog()) + (program.consumers ? await logged() : 0);
          if (left > 0) throw new Error(`${left} left`);
        },
        { what: `${namespace}: consumers`, deadlineMs: DRAINED_MS, everyMs: 100 },
      );
      const dead = await manager.streams.info(naming.stream('DEAD_LETTERS'));
      if (dead.state.messages > 0) throw new VoidRun(`${dead.state.messages} webhooks became dead letters`);
    },
    stop: async () => {
      await nats.close();
      await owned.end('SIGTERM');
    },
  };
};

export type System = Awaited<ReturnType<typeof startSystem>>;
