import net, { type AddressInfo } from 'node:net';

/** A line to one of several processes, which can be cut: whoever comes back is led to the next one. */
export const unsteadyLine = async (targets: readonly string[]) => {
  const ends = new Set<net.Socket>();
  let cuts = 0;
  const server = net.createServer((near) => {
    const { hostname, port } = new URL(targets[cuts % targets.length] ?? '');
    const far = net.connect(Number(port), hostname);
    near.pipe(far).pipe(near);
    for (const end of [near, far]) {
      ends.add(end);
      end.on('error', () => undefined);
      end.on('close', () => {
        ends.delete(end);
        near.destroy();
        far.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    cuts += 1;
    for (const end of ends) end.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
