import type { z } from 'zod';
import {
  documentAppliedSchema,
  type StockEvent,
  stockChangedSchema,
  syncFinishedSchema,
  syncStartedSchema,
} from './stock-events';

/**
 * The CloudEvents 1.0 envelope in binary mode: attributes as `ce-` headers, data as JSON body.
 * Writers write the newest version of a type; readers accept every published one (`upcasters`).
 */
export type EncodedEvent = Readonly<{ headers: Readonly<Record<string, string>>; data: Uint8Array }>;

export type EnvelopeAttributes = Readonly<{
  /** Unique per event. */
  id: string;
  /** When we wrote it, ISO 8601. */
  time: string;
  traceparent?: string;
}>;

const SOURCE = '/tallystream/ledger';

const ceTypes = {
  StockChanged: 'com.tallystream.stock.changed.v1',
  DocumentApplied: 'com.tallystream.stock.document-applied.v1',
  SyncStarted: 'com.tallystream.stock.sync-started.v1',
  SyncFinished: 'com.tallystream.stock.sync-finished.v1',
} as const satisfies Record<StockEvent['type'], string>;

type Reader = (data: unknown) => StockEvent;

const reader =
  <T extends StockEvent['type']>(type: T, schema: z.ZodType): Reader =>
  (data) =>
    ({ type, data: schema.parse(data) }) as StockEvent;

/** Every published version, turned into the newest: one entry per `ce-type`. */
const upcasters: ReadonlyMap<string, Reader> = new Map([
  [ceTypes.StockChanged, reader('StockChanged', stockChangedSchema)],
  [ceTypes.DocumentApplied, reader('DocumentApplied', documentAppliedSchema)],
  [ceTypes.SyncStarted, reader('SyncStarted', syncStartedSchema)],
  [ceTypes.SyncFinished, reader('SyncFinished', syncFinishedSchema)],
]);

export const encodeEvent = (event: StockEvent, attributes: EnvelopeAttributes): EncodedEvent => {
  const type = ceTypes[event.type];
  return {
    headers: {
      'ce-specversion': '1.0',
      'ce-id': attributes.id,
      'ce-type': type,
      'ce-source': SOURCE,
      'ce-time': attributes.time,
      'ce-subject': subjectOf(event),
      'ce-dataschema': `https://tallystream.com/schemas/${type}.json`,
      'content-type': 'application/json',
      ...(attributes.traceparent ? { traceparent: attributes.traceparent } : {}),
    },
    data: Buffer.from(JSON.stringify(event.data)),
  };
};

/** An event of a type or shape that no published version has. Readers must stop at it, never skip it. */
export class UnreadableEvent extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'UnreadableEvent';
  }
}

/** @throws UnreadableEvent */
export const decodeEvent = (ceType: string, data: Uint8Array): StockEvent => {
  const read = upcasters.get(ceType);
  if (!read) throw new UnreadableEvent(`event type "${ceType}" is not known`);
  try {
    return read(JSON.parse(Buffer.from(data).toString('utf8')));
  } catch (error) {
    throw new UnreadableEvent(`data does not fit event type "${ceType}"`, { cause: error });
  }
};

/** What the event is about, in the envelope's own words; the NATS subject comes from `namingFor`. */
const subjectOf = (event: StockEvent): string => {
  switch (event.type) {
    case 'StockChanged':
      return `${event.data.warehouseId}/${event.data.itemId}`;
    case 'DocumentApplied':
      return `${event.data.document.type}/${event.data.document.id}`;
    case 'SyncStarted':
    case 'SyncFinished':
      return event.data.runId;
  }
};
