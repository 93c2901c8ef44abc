import { readdirSync, readlinkSync } from 'node:fs';
import os from 'node:os';
import { namingFor } from '@tallystream/contracts';
import { natsOptions } from '@tallystream/testing';
import { connect } from 'nats';
import type { LocalServers } from '../../deploy/local/servers';
import { cpuSeconds, residentMiB } from '../bench/environment';
import type { Sample } from './sample';

export type Probed = Readonly<{
  app: Readonly<{ url: string; pid: number }>;
  servers: LocalServers;
  namespace: string;
}>;

type Look = Omit<Sample, 'minute' | 'answered'>;

/** Looks at a process from outside: at its metrics, at what the machine knows of it, and at NATS. */
export const openProbe = async ({ app, servers, namespace }: Probed) => {
  const naming = namingFor(namespace);
  const nats = await connect(natsOptions(servers.nats.url));
  const manager = await nats.jetstreamManager();
  let before = new Map<string, Total>();
  let busy = busyNow(app.pid);

  /** The mean since the last look, in ms, of the store that takes longest. */
  const visibleSince = (metrics: string): number => {
    const now = totalsOf(metrics);
    const means = [...now].map(([store, { seconds, count }]) => {
      const { seconds: earlier, count: fewer } = before.get(store) ?? { seconds: 0, count: 0 };
      return count > fewer ? ((seconds - earlier) / (count - fewer)) * 1_000 : 0;
    });
    before = now;
    return Math.max(0, ...means);
  };

  const coresSince = (): Pick<Look, 'cores' | 'machineCores'> => {
    const earlier = busy;
    busy = busyNow(app.pid);
    const seconds = (busy.at - earlier.at) / 1_000;
    return {
      cores: (busy.process - earlier.process) / seconds,
      machineCores: (busy.machine - earlier.machine) / seconds,
    };
  };

  return {
    look: async (): Promise<Look> => {
      const metrics = await (await fetch(`${app.url}/metrics`)).text();
      const open = openFilesOf(app.pid);
      let consumers = 0;
      for await (const { state } of manager.streams.list()) consumers += state.consumer_count;
      const translator = await manager.consumers.info(
        naming.stream('ZOHO_INBOX'),
        naming.consumer('translator'),
      );
      return {
        visible: visibleSince(metrics),
        resident: residentMiB(app.pid),
        heap: metricIn(metrics, 'nodejs_heap_size_used_bytes') / 2 ** 20,
        handles: open.length,
        consumers,
        connections: open.filter((file) => file.startsWith('socket:')).length,
        backlog: translator.num_pending + translator.num_ack_pending,
        ...coresSince(),
        natsResident: residentMiB(servers.nats.pid),
      };
    },
    events: async (): Promise<number> => (await manager.streams.info(naming.stream('STOCK'))).state.last_seq,
    close: () => nats.close(),
  };
};

/** Seconds of processor time so far. */
const busyNow = (pid: number) => ({
  at: performance.now(),
  process: cpuSeconds(pid) ?? Number.NaN,
  machine:
    os.cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0) / 1_000,
});

type Total = Readonly<{ seconds: number; count: number }>;

const totalsOf = (metrics: string): Map<string, Total> => {
  const found = metrics.matchAll(/^tally_end_to_end_seconds_sum\{store="([^"]+)"\} (\S+)$/gm);
  return new Map(
    [...found].map(([, store = '', seconds]) => [
      store,
      {
        seconds: Number(seconds),
        count: metricIn(metrics, `tally_end_to_end_seconds_count{store="${store}"}`),
      },
    ]),
  );
};

const metricIn = (metrics: string, name: string): number => {
  const line = metrics.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1));
};

/** What each file handle of a process stands for; nothing where there is no /proc. */
const openFilesOf = (pid: number): readonly string[] => {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).flatMap((name) => nameOf(`${folder}/${name}`));
  } catch {
    return [];
  }
};

/** One may be closed while we look. */
const nameOf = (link: string): readonly string[] => {
  try {
    return [readlinkSync(link)];
  } catch {
    return [];
  }
};
