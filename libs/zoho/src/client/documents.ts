import type { DocumentId, Instant } from '@tallystream/contracts';
import type { CallOptions } from '../budget/priorities';
import { type Fields, isFields, text } from '../fields';
import { withoutFields } from '../json';
import { hasMorePages, readable } from './answers';
import { documentRows, type ZohoDocumentRow } from './documents-rows';
import { documentLists, type ListedDocumentType } from './documents-table';
import type { ZohoCalls } from './zoho-calls';
import { ZohoError } from './zoho-error';

/** `asOf` is Zoho's own time, and not later than when it read the list. */
export type ZohoDocumentPage = Readonly<{
  asOf: Instant;
  rows: readonly ZohoDocumentRow[];
  hasMore: boolean;
  /** Newest change first: so it was asked for, and Zoho does not say otherwise. */
  isSorted: boolean;
}>;

export type DocumentsQuery = Readonly<{
  /** 1, 2, 3, … */
  page: number;
  /** 200 at most */
  perPage: number;
}>;

/** The part of Zoho's API that is about documents. */
export type ZohoDocuments = Readonly<{
  /**
   * A page of the documents of a type, newest change first where Zoho can sort so. There is no filter by time: Zoho has been seen to take `last_modified_time` for that very second.
   */
  listDocuments: (
    type: ListedDocumentType,
    query: DocumentsQuery,
    call: CallOptions,
  ) => Promise<ZohoDocumentPage>;
  /** A document under its root key, JSON text as a webhook would carry it; nothing when it is gone. */
  document: (type: ListedDocumentType, id: DocumentId, call: CallOptions) => Promise<string | undefined>;
}>;

const newestChangeFirst = { sort_column: 'last_modified_time', sort_order: 'D' };
const INVALID_VALUE = 400;
/** "Resource does not exist". Code 5 is another: that there is no such URL says nothing of the document. */
const DOES_NOT_EXIST = 1002;

export const documentCalls = (get: ZohoCalls['get']): ZohoDocuments => {
  const unsortable = new Set<ListedDocumentType>();

  const listed = async (type: ListedDocumentType, { page, perPage }: DocumentsQuery, call: CallOptions) => {
    const { path } = documentLists[type];
    const paging = { page: String(page), per_page: String(perPage) };
    if (unsortable.has(type)) return { ...(await get(path, call, paging)), isSorted: false };
    try {
      const answer = await get(path, call, { ...paging, ...newestChangeFirst });
      return { ...answer, isSorted: isNewestChangeFirst(answer.body) };
    } catch (error) {
      if (!(error instanceof ZohoError) || error.status !== INVALID_VALUE) throw error;
      const unsorted = await get(path, call, paging);
      unsortable.add(type);
      return { ...unsorted, isSorted: false };
    }
  };

  return {
    listDocuments: async (type, query, call) => {
      const { asOf, body, isSorted } = await listed(type, query, call);
      return { asOf, rows: readable(() => documentRows(type, body)), hasMore: hasMorePages(body), isSorted };
    },
    document: async (type, id, call) => {
      try {
        const answer = await get(documentPath(type, id), call);
        return withoutFields(answer.text, 'code', 'message');
      } catch (error) {
        if (error instanceof ZohoError && error.kind === 'not_found' && error.code === DOES_NOT_EXIST)
          return undefined;
        throw error;
      }
    },
  };
};

/** What Zoho does not know it ignores, without a word but these. */
const isNewestChangeFirst = ({ page_context: context }: Fields): boolean => {
  if (!isFields(context)) return true;
  const column = text(context, 'sort_column') ?? newestChangeFirst.sort_column;
  const order = text(context, 'sort_order') ?? newestChangeFirst.sort_order;
  return column === newestChangeFirst.sort_column && /^d/i.test(order);
};

/** Below the product: `invoices/982000000567114`. */
export const documentPath = (type: ListedDocumentType, id: DocumentId): string =>
  `${documentLists[type].path}/${id}`;

/** The body of a webhook that says no more than that the document is gone. */
export const deletedDocument = (type: ListedDocumentType, id: DocumentId): string =>
  JSON.stringify({ [type]: { [documentLists[type].ids[0]]: id } });
