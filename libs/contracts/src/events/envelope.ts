import { decoderOf } from './event-history';
import { EVENT_SOURCE, publishedEvents } from './published-events';
import type { StockEvent } from './stock-events';

export { UnreadableEvent } from './event-history';

/**
 * The CloudEvents 1.0 envelope in binary mode: attributes as `ce-` headers, data as JSON body.
 * Writers write the newest version of a type; readers accept every published one (`publishedEvents`).
 */
export type EncodedEvent = Readonly<{ headers: Readonly<Record<string, string>>; data: Uint8Array }>;

export type EnvelopeAttributes = Readonly<{
  /** Unique per event. */
  id: string;
  /** When we wrote it, ISO 8601. */
  time: string;
  traceparent?: string;
}>;

export const encodeEvent = (event: StockEvent, attributes: EnvelopeAttributes): EncodedEvent => {
  const { ceType, schemaId } = publishedEvents[event.type].newest;
  return {
    headers: {
      'ce-specversion': '1.0',
      'ce-id': attributes.id,
      'ce-type': ceType,
      'ce-source': EVENT_SOURCE,
      'ce-time': attributes.time,
      'ce-subject': subjectOf(event),
      'ce-dataschema': schemaId,
      'content-type': 'application/json',
      ...(attributes.traceparent ? { traceparent: attributes.traceparent } : {}),
    },
    data: Buffer.from(JSON.stringify(event.data)),
  };
};

/**
 * An event of any published version, as the newest one.
 * @throws UnreadableEvent
 */
export const decodeEvent: (ceType: string, data: Uint8Array) => StockEvent = decoderOf(publishedEvents);

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
