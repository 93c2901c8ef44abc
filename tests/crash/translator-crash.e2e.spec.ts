import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import {
  documentIdSchema,
  documentTypeSchema,
  instantFrom,
  itemIdSchema,
  type Naming,
  type StockEvent,
  warehouseIdSchema,
} from '@tallystream/contracts';
import {
  type JetStreamConnection,
  lastMessage,
  lastSequence,
  messagesSince,
  openConnection,
  provisionStreams,
  publish,
} from '@tallystream/jetstream';
import { defaultLedgerSettings, openLedger, storedEvent } from '@tallystream/ledger';
import { eventually, freshNaming, testServers } from '@tallystream/testing';
import { crashPoints } from './crash-points';

const WAREHOUSE = warehouseIdSchema.parse('2646610000000077024');
const ITEMS = ['1001', '1002', '1003', '1004'] as const;
/** Observed before anything happened; documents older than it leave its level in doubt. */
const OBSERVED = '1005';
const BEGIN = Date.UTC(2026, 0, 7);
const time = (seconds: number) => new Date(BEGIN + seconds * 1000).toISOString().replace('.000Z', '+0000');

const quiet = { info: () => undefined, warn: () => undefined };

const invoice = (n: number, item: string, quantity: unknown, { created = 0, modified = 600 + n } = {}) =>
  JSON.stringify({
    invoice: {
      invoice_id: `88${n}`,
      invoice_number: `INV-${n}`,
      status: 'sent',
      created_time: time(created),
      last_modified_time: time(modified),
      line_items: [
        { item_id: item, quantity, warehouse_id: WAREHOUSE },
        { item_id: ITEMS[(n + 1) % 4], quantity: 1, warehouse_id: WAREHOUSE },
      ],
    },
  });

/** What the inbox holds: each document once, so that no order of handling could tell another history. */
const WEBHOOKS: readonly (readonly [entity: string, body: string])[] = [
  ...Array.from({ length: 8 }, (_, n) => ['invoice', invoice(n, ITEMS[n % 4] ?? '', 2 + n)] as const),
  // First seen, created before the observation and changed after it.
  ['invoice', invoice(20, OBSERVED, 3, { created: 0, modified: 7_200 })],
  ['invoice', invoice(21, '1001', 'three')],
  ['contact', '{"contact":{"contact_id":"1"}}'],
  ['item', '{"item":{"item_id":"1004"}}'],
];

type Ending = Awaited<ReturnType<typeof endingOf>>;

describe('a translator that is killed between inbox and acknowledgement', () => {
  let connection: JetStreamConnection;
  let undisturbed: Ending;
  const endings = new Map<string, Ending>();
  const deaths = new Map<string, NodeJS.Signals | undefined>();
  const namings: Naming[] = [];

  beforeAll(async () => {
    connection = openConnection({ url: testServers().natsUrl, name: 'translator-crash.e2e.spec' }, quiet);
    await connection.ready();
    const quietRun = await filledInbox(connection);
    namings.push(quietRun);
    await handleAll(connection, quietRun);
    undisturbed = await endingOf(connection, quietRun);
    // Two at a time: as many as there are cores on the smallest machine.
    const queue = crashPoints.values();
    const worker = async () => {
      for (const point of queue) {
        const naming = await filledInbox(connection);
        namings.push(naming);
        deaths.set(point, await startTranslator(naming, point).ended);
        await handleAll(connection, naming);
        endings.set(point, await endingOf(connection, naming));
      }
    };
    await Promise.all([worker(), worker()]);
  }, 120_000);
  afterAll(async () => {
    await Promise.all(namings.map((naming) => deleteStreams(connection, naming)));
    await connection?.close();
  });

  it('handles everything when nobody kills it', () => {
    expect(undisturbed.statuses).toEqual([
      ...Array.from({ length: 8 }, () => 'applied'),
      'applied',
      'dead',
      'ignored',
      'ignored',
    ]);
    expect(undisturbed.levels).toMatchObject({ 1005: { revision: 1, after: { onHand: 50 } } });
    expect(undisturbed.observed).toEqual(['1001', '1002', '1003', '1004', '1005']);
    expect(undisturbed.deadLetters).toBe(1);
  });

  it.each(crashPoints)('%s: the same in the end', (point) => {
    expect(deaths.get(point)).toBe('SIGKILL');
    expect(endings.get(point)).toEqual(undisturbed);
  });
});

/** Streams of their own, an observed level, and the webhooks, with nobody there yet to handle them. */
async function filledInbox(connection: JetStreamConnection): Promise<Naming> {
  const naming = freshNaming();
  await provisionStreams(connection, naming);
  const ledger = openLedger(connection, naming, { ...defaultLedgerSettings, now: () => BEGIN });
  const quantities = { onHand: 50, committed: 0, physicalOnHand: 50, physicalCommitted: 0, inTransit: 0 };
  await ledger.applyObservation(
    {
      itemId: itemIdSchema.parse(OBSERVED),
      warehouseId: WAREHOUSE,
      asOf: instantFrom(BEGIN + 3_600_000),
      quantities,
    },
    { kind: 'observation', id: 'opening', actor: 'reconciler' },
  );
  for (const [entity, body] of WEBHOOKS) {
    await publish(connection, {
      subject: naming.inboxSubject(entity, 'updated'),
      headers: { 'Tally-Entity': entity, 'Tally-Event': 'updated', 'Tally-Content-Type': 'application/json' },
      data: Buffer.from(body),
    });
  }
  return naming;
}

function startTranslator(naming: Naming, point?: string) {
  const child = spawn(
    process.execPath,
    [
      '--require',
      path.join(__dirname, '../typescript-hook.js'),
      path.join(__dirname, 'translator-process.ts'),
    ],
    {
      env: {
        PATH: process.env.PATH,
        NATS_URL: testServers().natsUrl,
        NAMESPACE: naming.namespace,
        ...(point ? { CRASH_POINT: point } : {}),
      },
      stdio: ['ignore', 'ignore', 'inherit'],
      // A point that is never reached must fail the test, not hang it.
      timeout: 15_000,
    },
  );
  const ended = once(child, 'exit').then(([, signal]: (NodeJS.Signals | undefined)[]) => signal);
  return { ended, stop: () => child.kill('SIGTERM') };
}

async function handleAll(connection: JetStreamConnection, naming: Naming): Promise<void> {
  const translator = startTranslator(naming);
  try {
    await eventually(async () => {
      const manager = await connection.manager();
      const info = await manager.consumers.info(naming.stream('ZOHO_INBOX'), naming.consumer('translator'));
      if (info.delivered.stream_seq < WEBHOOKS.length || info.num_pending + info.num_ack_pending > 0)
        throw new Error(`${info.num_pending} wait, ${info.num_ack_pending} are in hand`);
    }, 30_000);
  } finally {
    translator.stop();
    await translator.ended;
  }
}

/** All that a run leaves behind, without what names the run: namespaces, ids of events, times of storage. */
async function endingOf(connection: JetStreamConnection, naming: Naming) {
  const levels: Record<string, unknown> = {};
  const histories: Record<string, unknown> = {};
  for (const item of [...ITEMS, OBSERVED]) {
    const ref = { itemId: itemIdSchema.parse(item), warehouseId: WAREHOUSE };
    const events = await eventsOf(connection, naming, naming.levelSubject(ref));
    const changes = events.flatMap((event) => (event.type === 'StockChanged' ? [event.data] : []));
    const newest = changes.at(-1);
    levels[item] = {
      revision: newest?.revision,
      after: newest?.after,
      revisions: changes.map((one) => one.revision),
    };
    // Which document came first on a level is up to the order of delivery; that each came once is not.
    histories[item] = changes.map(({ delta, document }) => `${document?.id} ${JSON.stringify(delta)}`).sort();
  }
  const documents = [];
  for (const n of [0, 1, 2, 3, 4, 5, 6, 7, 20, 21]) {
    const id = documentIdSchema.parse(`88${n}`);
    const type = documentTypeSchema.enum.invoice;
    documents.push(await eventsOf(connection, naming, naming.documentSubject(type, id)));
  }
  const statuses = [];
  for (let seq = 1; seq <= WEBHOOKS.length; seq += 1) {
    const outcome = await lastMessage(
      connection,
      naming.stream('ZOHO_OUTCOMES'),
      naming.subject(`zoho.outcome.${seq}`),
    );
    statuses.push(outcome && JSON.parse(Buffer.from(outcome.data).toString()).status);
  }
  const observed = [];
  for (const item of [...ITEMS, OBSERVED]) {
    const itemId = itemIdSchema.parse(item);
    const asked = await Promise.all(
      [naming.observeSubject(itemId), naming.observeDoubtSubject(itemId)].map((subject) =>
        lastMessage(connection, naming.stream('ZOHO_OBSERVE'), subject),
      ),
    );
    if (asked.some(Boolean)) observed.push(item);
  }
  return {
    levels,
    histories,
    documents,
    statuses,
    observed,
    deadLetters: await lastSequence(connection, naming.stream('DEAD_LETTERS')),
  };
}

async function eventsOf(
  connection: JetStreamConnection,
  naming: Naming,
  subject: string,
): Promise<readonly StockEvent[]> {
  const messages = await messagesSince(connection, naming.stream('STOCK'), subject, instantFrom(0));
  return messages.map((message) => storedEvent(message).event);
}

async function deleteStreams(connection: JetStreamConnection, naming: Naming): Promise<void> {
  const { streams } = await connection.manager();
  for (const name of ['STOCK', 'ZOHO_INBOX', 'ZOHO_OUTCOMES', 'ZOHO_OBSERVE', 'DEAD_LETTERS'] as const)
    await streams.delete(naming.stream(name));
}
