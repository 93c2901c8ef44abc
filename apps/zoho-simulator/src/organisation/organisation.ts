import { type CatalogueOptions, catalogue, type Item } from './catalogue';
import type { Document, DocumentOf, DocumentType } from './documents';
import { type History, openingHistory } from './history';
import { openingStock, type Stock } from './stock';

/** Everything a Zoho organisation holds, in memory and changed in place by bookings. */
export type Organisation = {
  /** Those that Zoho still has, active or not. */
  readonly items: Item[];
  /** Deleted ones too: old documents go on naming them. */
  readonly itemById: Map<string, Item>;
  readonly stock: Stock;
  readonly history: History;
  readonly documents: Map<string, Document>;
  /** All ids ever given to documents of a type, oldest first; deleted documents keep their place. */
  readonly idsByType: Readonly<Record<DocumentType, string[]>>;
  /** How many ids were given out; ids never come back. */
  idsGiven: number;
  /** How many bookings were made. */
  bookings: number;
  /** The newest second that any document carries. */
  latest: number;
};

export const newOrganisation = (options: CatalogueOptions): Organisation => {
  const items = catalogue(options);
  const stock = openingStock(items);
  return {
    items,
    itemById: new Map(items.map((item) => [item.id, item])),
    stock,
    history: openingHistory(stock),
    documents: new Map(),
    idsByType: noIds(),
    idsGiven: 0,
    bookings: 0,
    latest: 0,
  };
};

const noIds = (): Record<DocumentType, string[]> => ({
  invoice: [],
  bill: [],
  salesorder: [],
  inventory_adjustment: [],
  package: [],
  shipment_order: [],
  creditnote: [],
  salesreturn: [],
  salesreturnreceive: [],
  purchase_receive: [],
  vendor_credit: [],
  transfer_order: [],
  bundle: [],
});

const FIRST_ID = 2646610000005000000n;

/** The next 19-digit id. */
export const nextId = (organisation: Organisation): string => {
  organisation.idsGiven += 1;
  return String(FIRST_ID + BigInt(organisation.idsGiven));
};

export const addDocument = (organisation: Organisation, document: Document): void => {
  organisation.documents.set(document.id, document);
  organisation.idsByType[document.type].push(document.id);
  organisation.latest = Math.max(organisation.latest, document.modifiedAt);
};

export const findDocument = <T extends DocumentType>(
  organisation: Organisation,
  type: T,
  id: string,
): DocumentOf<T> | undefined => {
  const document = organisation.documents.get(id);
  return document && isOf(document, type) ? document : undefined;
};

/** The documents of a type that were not deleted, oldest first. */
export const documentsOf = <T extends DocumentType>(organisation: Organisation, type: T): DocumentOf<T>[] =>
  organisation.idsByType[type].flatMap((id) => findDocument(organisation, type, id) ?? []);

const isOf = <T extends DocumentType>(document: Document, type: T): document is DocumentOf<T> =>
  document.type === type;

/** What one can find in the organisation and be told of by a webhook. */
export type Subject = Document | Item;

/** A new version of a document or item: later than the last one by a second at least. */
export const touch = (organisation: Organisation, subject: Subject, at: number): void => {
  if (subject.type !== 'item') subject.changedAfter = organisation.bookings;
  subject.modifiedAt = Math.max(at, subject.modifiedAt + 1);
  organisation.latest = Math.max(organisation.latest, subject.modifiedAt);
};

/** An item that Zoho still has. */
export const livingItem = (organisation: Organisation, id: string): Item | undefined => {
  const item = organisation.itemById.get(id);
  return item?.status === 'deleted' ? undefined : item;
};
