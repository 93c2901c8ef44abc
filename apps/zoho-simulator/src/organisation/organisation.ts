import { catalogue, type Item } from './catalogue';
import type { Document, DocumentOf, DocumentType } from './documents';
import { openingStock, type Stock } from './stock';

/** Everything a Zoho organisation holds, in memory and changed in place by bookings. */
export type Organisation = {
  readonly items: readonly Item[];
  readonly itemById: ReadonlyMap<string, Item>;
  readonly stock: Stock;
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

export const newOrganisation = (options: Readonly<{ items: number; seed: number }>): Organisation => {
  const items = catalogue(options.items, options.seed);
  return {
    items,
    itemById: new Map(items.map((item) => [item.id, item])),
    stock: openingStock(items),
    documents: new Map(),
    idsByType: { invoice: [], bill: [], salesorder: [], inventory_adjustment: [] },
    idsGiven: 0,
    bookings: 0,
    latest: 0,
  };
};

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

const isOf = <T extends DocumentType>(document: Document, type: T): document is DocumentOf<T> =>
  document.type === type;

/** A new version of a document: later than the last one by a second at least. */
export const touch = (organisation: Organisation, document: Document, at: number): void => {
  document.changedAfter = organisation.bookings;
  document.modifiedAt = Math.max(at, document.modifiedAt + 1);
  organisation.latest = Math.max(organisation.latest, document.modifiedAt);
};
