import { randomUUID } from 'node:crypto';
import {
  type CatalogueEvent,
  encodeCatalogueEvent,
  type ItemCatalogued,
  type ItemId,
  type Naming,
  type WarehouseCatalogued,
} from '@tallystream/contracts';
import {
  CommitConflict,
  type JetStreamConnection,
  lastMessage,
  lastMessages,
  publish,
} from '@tallystream/jetstream';
import { isNews, withoutOtherFields } from './news';
import { type StoredCatalogueEvent, storedCatalogueEvent } from './stored-event';

/**
 * Items and warehouses as Zoho has them, in the stream `CATALOG`: the newest event of each is its state. Any
 * number of processes may record; the later word of Zoho's stays, whoever brings it.
 */
export type Catalogue = Readonly<{
  /**
   * Writes what is new or not as it was, one event each, and leaves the rest alone.
   * @returns how many were written
   * @throws NatsUnavailable when it is not known which were written: record the same again
   * @throws ZodError for what no schema takes, before anything is written
   */
  record: (items: readonly ItemCatalogued[], warehouses?: readonly WarehouseCatalogued[]) => Promise<number>;
  /** As the stream's leader knows it; nothing when it was never recorded. */
  item: (id: ItemId) => Promise<ItemCatalogued | undefined>;
  /** Those of the ids that are known. May lag behind `item` by a moment on a replicated stream. */
  items: (ids: readonly ItemId[]) => Promise<ReadonlyMap<ItemId, ItemCatalogued>>;
  /** All of them, also those that are gone. May lag, as `items`. */
  warehouses: () => Promise<readonly WarehouseCatalogued[]>;
}>;

export const openCatalogue = (
  connection: JetStreamConnection,
  naming: Naming,
  now: () => number = Date.now,
): Catalogue => {
  const stream = naming.stream('CATALOG');
  const subjectOf = ({ type, data }: CatalogueEvent): string =>
    type === 'ItemCatalogued'
      ? naming.catalogItemSubject(data.itemId)
      : naming.catalogWarehouseSubject(data.warehouseId);

  const newest = async (subject: string): Promise<StoredCatalogueEvent | undefined> => {
    const message = await lastMessage(connection, stream, subject);
    return message && storedCatalogueEvent(message);
  };
  const newestOf = async (subjects: readonly string[]): Promise<Newest> => {
    const messages = await lastMessages(connection, stream, subjects);
    return new Map(messages.map((message) => [message.subject, storedCatalogueEvent(message)]));
  };

  /** Writes one event if it still is news, by compare-and-set. @returns whether it was written */
  const write = async (event: CatalogueEvent, known: StoredCatalogueEvent | undefined): Promise<boolean> => {
    const subject = subjectOf(event);
    let current = known;
    // A conflict means that somebody else has written once, and each does so once per event: this ends.
    while (isNews(event, current?.event)) {
      const encoded = encodeCatalogueEvent(event, { id: randomUUID(), time: new Date(now()).toISOString() });
      try {
        await publish(connection, { subject, ...encoded, expectedSubjectSeq: current?.seq ?? 0 });
        return true;
      } catch (error) {
        if (!(error instanceof CommitConflict)) throw error;
        current = await newest(subject);
      }
    }
    return false;
  };

  return {
    record: async (items, warehouses = []) => {
      const events = new Map(
        [
          ...warehouses.map((data) => ({ type: 'WarehouseCatalogued' as const, data })),
          ...items.map((data) => ({ type: 'ItemCatalogued' as const, data })),
        ].map((event) => [subjectOf(event), withoutOtherFields(event)]),
      );
      const known = await newestOf([...events.keys()]);
      const news = [...events].filter(([subject, event]) => isNews(event, known.get(subject)?.event));
      let written = 0;
      for (let from = 0; from < news.length; from += IN_FLIGHT) {
        const some = news.slice(from, from + IN_FLIGHT);
        const done = await Promise.all(some.map(([subject, event]) => write(event, known.get(subject))));
        written += done.filter(Boolean).length;
      }
      return written;
    },
    item: async (id) => {
      const event = (await newest(naming.catalogItemSubject(id)))?.event;
      return event?.type === 'ItemCatalogued' ? event.data : undefined;
    },
    items: async (ids) => new Map(itemsAmong(await newestOf(ids.map(naming.catalogItemSubject)))),
    warehouses: async () => warehousesAmong(await newestOf([naming.subject('catalog.warehouse.*')])),
  };
};

type Newest = ReadonlyMap<string, StoredCatalogueEvent>;

/** How many publishes wait for their acknowledgement at a time. */
const IN_FLIGHT = 200;

const itemsAmong = (newest: Newest): readonly (readonly [ItemId, ItemCatalogued])[] =>
  [...newest.values()].flatMap(({ event }) =>
    event.type === 'ItemCatalogued' ? [[event.data.itemId, event.data] as const] : [],
  );

const warehousesAmong = (newest: Newest): readonly WarehouseCatalogued[] =>
  [...newest.values()].flatMap(({ event }) => (event.type === 'WarehouseCatalogued' ? [event.data] : []));
