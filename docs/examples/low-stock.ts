// A service of its own that says when an item is about to sell out. See libs/client/README.md.
//
//   node --require ./tests/typescript-hook.js docs/examples/low-stock.ts --below 10 <item> …

import { parseArgs } from 'node:util';
import { openClient, type StockChange, type SubscriptionFailure } from '@tallystream/client';
import { runningSystem } from './running-system';

const { values, positionals: items } = parseArgs({
  allowPositionals: true,
  options: { below: { type: 'string', default: '10' } },
});
const below = Number(values.below);
const { TALLY_URL = 'http://127.0.0.1:3000', API_KEY = '', NATS_URL, NAMESPACE } = runningSystem();

const tally = openClient({
  name: 'low-stock',
  url: TALLY_URL,
  apiKey: API_KEY,
  ...(NATS_URL ? { natsUrl: NATS_URL } : {}),
  ...(NAMESPACE ? { namespace: NAMESPACE } : {}),
});

const main = async (): Promise<void> => {
  const [first] = items;
  if (first === undefined) throw new Error('Which items? Name them by their ids');
  // Every answer says of which warehouse it speaks: here, the one that sells.
  const { warehouseId } = await tally.getUnifiedStock(first, { context: 'which-warehouse' });

  const subscription = tally.subscribeStock({
    items,
    warehouses: [warehouseId],
    durable: 'low-stock',
    onChange: warn,
    onFailure: complain,
  });
  await subscription.caughtUp;

  // Changes are followed by now, so that none falls between this look and them.
  const answers = await tally.getUnifiedStockBulk(items, { context: 'overview' });
  for (const { itemId, stock, message } of answers.values()) say(`${itemId}: ${stock ?? message}`);
};

/** Only the change that crosses the line says so: it knows what there was before it. */
const warn = ({ itemId, stock, delta, seq }: StockChange): void => {
  if (stock === null) return;
  const before = stock - (delta.onHand ?? 0) + (delta.committed ?? 0) + (delta.reserved ?? 0);
  if (stock < below && before >= below) say(`${itemId} is low: ${stock} left (change ${seq})`);
};

const complain = (failure: SubscriptionFailure): void => {
  process.stderr.write(`${failure.kind}: ${String(failure.error)}\n`);
};

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void tally.close());

main().catch(async (error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
  await tally.close();
});
