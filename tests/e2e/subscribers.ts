import { setTimeout as pause } from 'node:timers/promises';
import { EventSource } from 'eventsource';
import { io } from 'socket.io-client';
import { READER_KEY } from './api';

/** What a subscriber knows of a change, whichever way it came. */
export type Heard = Readonly<{ seq: number; level: string; revision: number; onHand: number }>;
export type Subscriber = Readonly<{ heard: readonly Heard[]; stop: () => unknown }>;

const authorization = `Bearer ${READER_KEY}`;

type Change = Readonly<{
  seq: number;
  itemId: string;
  warehouseId: string;
  revision: number;
  quantities: { onHand: number };
}>;

const heardOf = ({ seq, itemId, warehouseId, revision, quantities }: Change): Heard => ({
  seq,
  level: `${warehouseId}.${itemId}`,
  revision,
  onHand: quantities.onHand,
});

/** The public Socket.IO client, as docs/live-updates.md has it. */
export const socketSubscriber = (url: string, start: number): Subscriber => {
  const heard: Heard[] = [];
  let since = start;
  const socket = io(url, { auth: { token: READER_KEY }, transports: ['websocket'], reconnectionDelay: 20 });
  socket.on('connect', () => socket.emit('subscribe', { channel: 'inventory', events: ['update'], since }));
  socket.on(
    'inventory:update',
    ({ productId, ...update }: Omit<Change, 'itemId'> & { productId: string }) => {
      since = update.seq;
      heard.push(heardOf({ ...update, itemId: productId }));
    },
  );
  return { heard, stop: () => socket.close() };
};

/** An EventSource, which knows by itself where it was. */
export const eventSubscriber = (url: string, start: number): Subscriber => {
  const heard: Heard[] = [];
  const source = new EventSource(`${url}/api/stock/stream?since=${start}`, {
    fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, authorization } }),
  });
  source.onmessage = ({ data }) => heard.push(heardOf(JSON.parse(data)));
  return { heard, stop: () => source.close() };
};

/** Asks again and again; when there is no answer, for the same. */
export const poller = (url: string, start: number): Subscriber => {
  const heard: Heard[] = [];
  const stopping = new AbortController();
  const { signal } = stopping;
  const poll = async () => {
    for (let since = start; !signal.aborted; ) {
      try {
        const response = await fetch(`${url}/api/stock/changes?since=${since}&limit=7`, {
          headers: { authorization },
          signal,
        });
        const { items, nextSeq, hasMore } = JSON.parse(await response.text());
        heard.push(...items.map(heardOf));
        since = nextSeq;
        if (!hasMore) await pause(10, undefined, { signal });
      } catch {
        // Cut off: what was on its way is asked for again.
      }
    }
  };
  void poll();
  return { heard, stop: () => stopping.abort() };
};
