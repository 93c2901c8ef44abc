import type { CatalogueEvent } from './catalog-events';
import { decoderOf, type EventVersion } from './event-history';
import {
  CATALOGUE_SOURCE,
  LEDGER_SOURCE,
  publishedCatalogueEvents,
  publishedEvents,
} from './published-events';
import type { StockEvent } from './stock-event';

export { UnreadableEvent } from './event-history';

/**
 * The CloudEvents 1.0 envelope in binary mode: attributes as `ce-` headers, data as JSON body.
 * Writers write the newest version of a type; readers accept every published one (`publishedEvents`).
 */
export type EncodedEvent = Readonly<{ headers: Readonly<Record<string, string>>; data: Uint8Array }>;

/** Header of an event that a webhook caused: when the webhook was stored in our inbox, by the server's clock. */
export const RECEIVED_AT = 'ce-receivedat';

export type EnvelopeAttributes = Readonly<{
  /** Unique per event. */
  id: string;
  /** When we wrote it, ISO 8601. */
  time: string;
  traceparent?: string;
  /** When what caused it was stored in our inbox, ISO 8601. */
  receivedAt?: string;
}>;

export const encodeEvent = (event: StockEvent, attributes: EnvelopeAttributes): EncodedEvent =>
  encoded(publishedEvents[event.type].newest, LEDGER_SOURCE, ledgerSubjectOf(event), event.data, attributes);

export const encodeCatalogueEvent = (event: CatalogueEvent, attributes: EnvelopeAttributes): EncodedEvent =>
  encoded(
    publishedCatalogueEvents[event.type].newest,
    CATALOGUE_SOURCE,
    catalogueSubjectOf(event),
    event.data,
    attributes,
  );

/** The `ce-type` under which events of a type are written now. */
export const newestCeType = (type: StockEvent['type']): string => publishedEvents[type].newest.ceType;

/**
 * An event of the ledger of any published version, as the newest one.
 * @throws UnreadableEvent
 */
export const decodeEvent: (ceType: string, data: Uint8Array) => StockEvent = decoderOf(publishedEvents);

/** The same for an event of the catalogue. */
export const decodeCatalogueEvent: (ceType: string, data: Uint8Array) => CatalogueEvent =
  decoderOf(publishedCatalogueEvents);

const encoded = (
  { ceType, schemaId }: EventVersion<unknown>,
  source: string,
  subject: string,
  data: unknown,
  { id, time, traceparent, receivedAt }: EnvelopeAttributes,
): EncodedEvent => ({
  headers: {
    'ce-specversion': '1.0',
    'ce-id': id,
    'ce-type': ceType,
    'ce-source': source,
    'ce-time': time,
    'ce-subject': subject,
    'ce-dataschema': schemaId,
    'content-type': 'application/json',
    ...(traceparent ? { traceparent } : {}),
    ...(receivedAt ? { [RECEIVED_AT]: receivedAt } : {}),
  },
  data: Buffer.from(JSON.stringify(data)),
});

/** What the event is about, in the envelope's own words; the NATS subject comes from `namingFor`. */
const ledgerSubjectOf = (event: StockEvent): string => {
  switch (event.type) {
    case 'StockChanged':
      return `${event.data.warehouseId}/${event.data.itemId}`;
    case 'DocumentApplied':
      return `${event.data.document.type}/${event.data.document.id}`;
    case 'DriftDetected':
    case 'DriftResolved':
      return event.data.driftId;
    case 'SyncStarted':
    case 'SyncFinished':
      return event.data.runId;
  }
};

const catalogueSubjectOf = (event: CatalogueEvent): string => {
  switch (event.type) {
    case 'ItemCatalogued':
      return `item/${event.data.itemId}`;
    case 'WarehouseCatalogued':
      return `warehouse/${event.data.warehouseId}`;
  }
};
