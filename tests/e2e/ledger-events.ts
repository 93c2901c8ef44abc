import {
  type DocumentApplied,
  documentAppliedSchema,
  type StockChanged,
  stockChangedSchema,
} from '@tallystream/contracts';
import { natsOptions } from '@tallystream/testing';
import { connect } from 'nats';
import type { System } from './system';

/** An event as it lies in the ledger. */
export type LedgerEvent = Readonly<{ seq: number; subject: string; type: string; text: string }>;

/** The whole ledger, oldest first, read as another program would. */
export const ledgerEvents = async ({
  servers,
  naming,
}: Pick<System, 'servers' | 'naming'>): Promise<readonly LedgerEvent[]> => {
  const nats = await connect(natsOptions(servers.natsUrl));
  try {
    const stream = naming.stream('STOCK');
    const { last_seq: last } = (await (await nats.jetstreamManager()).streams.info(stream)).state;
    const events: LedgerEvent[] = [];
    if (last === 0) return events;
    const consumer = await nats.jetstream().consumers.get(stream);
    for await (const message of await consumer.consume({ max_messages: 5_000 })) {
      const type = message.headers?.get('ce-type') ?? '';
      events.push({ seq: message.seq, subject: message.subject, type, text: message.string() });
      if (message.seq >= last) break;
    }
    return events;
  } finally {
    await nats.close();
  }
};

export const movesIn = (events: readonly LedgerEvent[]): readonly StockChanged[] =>
  events.flatMap(({ type, text }) =>
    type.includes('.stock.changed.') ? stockChangedSchema.parse(JSON.parse(text)) : [],
  );

export const documentsIn = (events: readonly LedgerEvent[]): readonly DocumentApplied[] =>
  events.flatMap(({ subject, text }) =>
    subject.includes('stock.document.') ? documentAppliedSchema.parse(JSON.parse(text)) : [],
  );
