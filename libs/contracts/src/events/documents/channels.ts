import type { CatalogueEvent } from '../catalog-events';
import type { StockEvent } from '../stock-event';
import { documentTypes } from '../stock-events';

export type EventType = (StockEvent | CatalogueEvent)['type'];

/** Where a value of a subject comes from: `location` is AsyncAPI's runtime expression for it. */
type Parameter = Readonly<{ description: string; location: string; enum?: readonly string[] }>;

/** One kind of NATS subject: one aggregate each, so the newest message of a subject is the state. */
export type Channel = Readonly<{
  address: string;
  title: string;
  description: string;
  parameters: Readonly<Record<string, Parameter>>;
}>;

export const channels = {
  levels: {
    address: 'stock.changed.{warehouse}.{item}',
    title: 'Levels',
    description: 'One subject per level, that is per item and warehouse; its newest message is the level.',
    parameters: {
      warehouse: {
        description: "Zoho's id of the warehouse.",
        location: '$message.payload#/warehouseId',
      },
      item: { description: "Zoho's id of the item.", location: '$message.payload#/itemId' },
    },
  },
  documents: {
    address: 'stock.document.{type}.{documentId}',
    title: 'Documents',
    description: 'One subject per Zoho document; its newest message is the version that counts.',
    parameters: {
      type: {
        description: "Zoho's kind of document.",
        location: '$message.payload#/document/type',
        enum: documentTypes,
      },
      documentId: {
        description: "Zoho's id of the document.",
        location: '$message.payload#/document/id',
      },
    },
  },
  drifts: {
    address: 'stock.drift.{drift}',
    title: 'Drifts',
    description: 'One subject per drift: how it was found, and how it ended.',
    parameters: {
      drift: { description: 'Our id of the drift.', location: '$message.payload#/driftId' },
    },
  },
  runs: {
    address: 'stock.run.{runId}',
    title: 'Runs',
    description: 'One subject per run of the reconciler; its newest message tells whether it ended.',
    parameters: { runId: { description: 'Our id of the run.', location: '$message.payload#/runId' } },
  },
  items: {
    address: 'catalog.item.{item}',
    title: 'Items',
    description: 'One subject per item of the catalogue; its newest message is the item.',
    parameters: {
      item: { description: "Zoho's id of the item.", location: '$message.payload#/itemId' },
    },
  },
  warehouses: {
    address: 'catalog.warehouse.{warehouse}',
    title: 'Warehouses',
    description: 'One subject per warehouse; its newest message is the warehouse.',
    parameters: {
      warehouse: {
        description: "Zoho's id of the warehouse.",
        location: '$message.payload#/warehouseId',
      },
    },
  },
} as const satisfies Record<string, Channel>;

export type ChannelName = keyof typeof channels;

export const channelOf = {
  StockChanged: 'levels',
  DocumentApplied: 'documents',
  DriftDetected: 'drifts',
  DriftResolved: 'drifts',
  SyncStarted: 'runs',
  SyncFinished: 'runs',
  ItemCatalogued: 'items',
  WarehouseCatalogued: 'warehouses',
} as const satisfies Record<EventType, ChannelName>;
