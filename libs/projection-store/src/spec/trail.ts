import {
  documentIdSchema,
  encodeEvent,
  type Instant,
  instantFrom,
  itemIdSchema,
  type StockChanged,
  type StockEvent,
  streamSeq,
  warehouseIdSchema,
  zero,
} from '@tallystream/contracts';
import { freshNaming, testServers } from '@tallystream/testing';
import { auditDatabase } from '../audit-trail/audit-database';
import type { RecordedEvent } from '../audit-trail/audit-row';
import { appendAuditEvents, newestHash } from '../audit-trail/audit-store';
import type { Database } from '../database';

export const DAY = 86_400_000;
export const january = Date.UTC(2026, 0, 1);
export const itemId = (text: string) => itemIdSchema.parse(text);
export const warehouseId = (text: string) => warehouseIdSchema.parse(text);
export const documentId = (text: string) => documentIdSchema.parse(text);

export type Change = Readonly<{
  item?: string;
  warehouse?: string;
  document?: string;
  occurredAt?: Instant;
  rest?: Partial<StockChanged>;
}>;

export const change = ({
  item = 'pen',
  warehouse = 'main',
  document,
  occurredAt,
  rest,
}: Change): StockEvent => ({
  type: 'StockChanged',
  data: {
    itemId: itemId(item),
    warehouseId: warehouseId(warehouse),
    revision: 1,
    delta: { onHand: -0.3 },
    after: { ...zero, onHand: 2.7 },
    provisional: false,
    reason: 'sale',
    ...(document
      ? { document: { type: 'invoice', id: documentId(document), version: instantFrom(january) } }
      : {}),
    cause: { kind: 'webhook', id: '4711', actor: 'zoho' },
    occurredAt: occurredAt ?? instantFrom(january),
    ...rest,
  },
});

export const recorded = (
  seq: number,
  event: StockEvent,
  storedAt = instantFrom(january + seq * 1000),
): RecordedEvent => {
  const { headers, data } = encodeEvent(event, { id: `event-${seq}`, time: storedAt });
  return {
    seq: streamSeq(seq),
    subject: `stock.subject.${seq}`,
    id: `event-${seq}`,
    ceType: headers['ce-type'] ?? '',
    event,
    data,
    storedAt,
  };
};

/** Trails of their own, in a schema each; `drop` takes them away again. */
export const trails = () => {
  const opened: Database[] = [];
  return {
    fresh: (): Database => {
      const { schema } = freshNaming();
      const database = auditDatabase({ url: testServers().databaseUrl, schema });
      opened.push(database);
      return database;
    },
    drop: async (): Promise<void> => {
      for (const database of opened) {
        await database.query(`DROP SCHEMA "${database.schema}" CASCADE`);
        await database.onApplicationShutdown();
      }
    },
  };
};

export const append = async (database: Database, ...events: readonly RecordedEvent[]): Promise<Buffer> => {
  const previous = await newestHash(database);
  return database.transaction((manager) => appendAuditEvents(manager, previous, events));
};
