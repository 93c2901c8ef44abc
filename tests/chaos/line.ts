import net, { type AddressInfo } from 'node:net';
import { Transform } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';

/** A TCP line between one of our processes and one it speaks to, over which trouble can be sent. */
export type Line = Readonly<{
  name: string;
  /** Where it begins, on this machine. */
  port: number;
  /** The address, by way of this line. */
  by: (url: string) => string;
  /** Breaks what is connected now; who calls again gets through. */
  cut: () => void;
  /** Each piece of what is sent takes so much longer from now on, both ways. */
  slow: (milliseconds: number) => void;
  /** Connections stand, and nothing comes through: as when a cable is pulled. */
  silence: () => void;
  /** As it should be; what was kept back comes through. */
  steady: () => void;
  close: () => Promise<void>;
}>;

export const openLine = async (
  name: string,
  far: Readonly<{ host: string; port: number }>,
): Promise<Line> => {
  const ends = new Set<net.Socket>();
  let delayMs = 0;
  let silent: Readonly<{ over: Promise<void>; end: () => void }> | undefined;

  const through = () =>
    new Transform({
      transform: (chunk, _encoding, pass) => {
        if (delayMs === 0 && !silent) return pass(null, chunk);
        void Promise.all([pause(delayMs), silent?.over]).then(() => pass(null, chunk));
      },
    });
  const server = net.createServer((near) => {
    const other = net.connect(far);
    near.pipe(through()).pipe(other);
    other.pipe(through()).pipe(near);
    for (const [end, opposite] of [
      [near, other],
      [other, near],
    ] as const) {
      ends.add(end);
      end.setNoDelay(true);
      // A broken connection is what lines are here for: the close that follows tells the other end.
      end.on('error', () => undefined);
      end.on('close', () => {
        ends.delete(end);
        opposite.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const cut = () => {
    for (const end of ends) end.destroy();
  };
  const steady = () => {
    delayMs = 0;
    silent?.end();
    silent = undefined;
  };
  return {
    name,
    port,
    by: (url) => {
      const { host } = new URL(url);
      return url.replace(host, `127.0.0.1:${port}`);
    },
    cut,
    slow: (milliseconds) => {
      delayMs = milliseconds;
    },
    silence: () => {
      let end = () => {};
      const over = new Promise<void>((resolve) => {
        end = resolve;
      });
      silent ??= { over, end };
    },
    steady,
    close: async () => {
      steady();
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
