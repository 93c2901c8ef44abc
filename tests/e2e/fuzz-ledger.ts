import type { Naming } from '@tallystream/contracts';
import { natsOptions } from '@tallystream/testing';
import { connect } from 'nats';

/** What the stream says of one level, as its JSON has it: no code of the ledger has looked at it. */
export type StoredChange = Readonly<{
  seq: number;
  level: string;
  revision: number;
  delta: Readonly<Record<string, number>>;
  after: Readonly<Record<string, number>>;
}>;

/** Every StockChanged of the stream, in order, and how many messages the dead letters hold. */
export const readStreams = async (url: string, naming: Naming) => {
  const nats = await connect(natsOptions(url));
  try {
    const jetstream = nats.jetstream();
    const streams = (await nats.jetstreamManager()).streams;
    const { last_seq: last } = (await streams.info(naming.stream('STOCK'))).state;
    const { messages: deadLetters } = (await streams.info(naming.stream('DEAD_LETTERS'))).state;
    const changes: StoredChange[] = [];
    const consumer = await jetstream.consumers.get(naming.stream('STOCK'));
    for await (const message of last === 0 ? [] : await consumer.consume({ max_messages: 5_000 })) {
      if (message.headers?.get('ce-type') === 'com.tallystream.stock.changed.v1') {
        const { itemId, warehouseId, revision, delta, after } = JSON.parse(message.string());
        changes.push({ seq: message.seq, level: `${warehouseId}.${itemId}`, revision, delta, after });
      }
      if (message.seq >= last) break;
    }
    return { changes, last, deadLetters };
  } finally {
    await nats.close();
  }
};

/** What is wrong with the history of the levels: nothing, it is to be hoped. */
export const faultsOf = (changes: readonly StoredChange[]): readonly string[] => {
  const newest = new Map<string, StoredChange>();
  return changes.flatMap((change) => {
    const { level, revision, delta, after, seq } = change;
    const before = newest.get(level);
    newest.set(level, change);
    const where = `${level} at ${seq}`;
    const numbers = [...Object.values(delta), ...Object.values(after)];
    const wrong = numbers.filter((value) => !Number.isFinite(value) || Number(value.toFixed(6)) !== value);
    const sums = Object.keys(after).filter(
      (name) =>
        millionths(before?.after[name] ?? 0) + millionths(delta[name] ?? 0) !==
        millionths(after[name] ?? Number.NaN),
    );
    return [
      ...(revision === (before?.revision ?? 0) + 1 ? [] : [`${where}: revision ${revision}`]),
      ...(wrong.length === 0 ? [] : [`${where}: numbers ${wrong.join(', ')}`]),
      ...(sums.length === 0 ? [] : [`${where}: sums of ${sums.join(', ')}`]),
    ];
  });
};

const millionths = (value: number): bigint => BigInt(Math.round(value * 1e6));
