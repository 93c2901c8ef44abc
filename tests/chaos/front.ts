import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A webhook that one of us has answered with 202. */
export type Accepted = Readonly<{
  /** In the inbox, as the answer says. */
  sequence: number;
  sha256: string;
  /** The same bytes had not come before. */
  isNew: boolean;
  /** On the clock of this process, in milliseconds. */
  at: number;
}>;

/** As long as Zoho waits for an answer. */
const PATIENCE_MS = 10_000;

/**
 * What stands before several ingresses: webhooks go to each in turn, and to the next one when nobody is there.
 * Keeps a list of those that were accepted, for who wants to see them again.
 */
export const openFront = async (ingresses: readonly string[]) => {
  const accepted: Accepted[] = [];
  const refused = new Map<string, number>();
  let turn = 0;

  const forward = async (request: IncomingMessage, body: Buffer) => {
    const { host: _host, connection: _connection, ...headers } = request.headers;
    turn += 1;
    for (const [nth] of ingresses.entries()) {
      const ingress = ingresses[(turn + nth) % ingresses.length] ?? '';
      const answer = await fetch(`${ingress}${request.url}`, {
        method: 'POST',
        headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
        body,
        signal: AbortSignal.timeout(PATIENCE_MS),
      }).catch((error: Error) => ({ error }));
      if ('status' in answer) return { status: answer.status, text: await answer.text() };
      if (answer.error.name === 'TimeoutError') return { status: 504, text: '' };
    }
    return { status: 502, text: '' };
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const body = Buffer.concat(chunks);
      const { status, text } = await forward(request, body).catch(() => ({ status: 502, text: '' }));
      if (status === 202) {
        const { id, duplicate } = JSON.parse(text);
        const sha256 = createHash('sha256').update(body).digest('hex');
        accepted.push({ sequence: Number(id), sha256, isNew: !duplicate, at: performance.now() });
      } else refused.set(String(status), (refused.get(String(status)) ?? 0) + 1);
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/webhooks/zoho`,
    accepted: (): readonly Accepted[] => accepted,
    /** How often another status was given. */
    refused: () => Object.fromEntries(refused),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

export type Front = Awaited<ReturnType<typeof openFront>>;
