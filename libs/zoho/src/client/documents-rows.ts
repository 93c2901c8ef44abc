import { type DocumentId, documentIdSchema, type Instant } from '@tallystream/contracts';
import { type Fields, label, list, moment, status, text, UnreadableDocument } from '../fields';
import { documentLists, type ListedDocumentType } from './documents-table';

/** A document as lists have it: which one, and since when it is as it is. */
export type ZohoDocumentRow = Readonly<{
  type: ListedDocumentType;
  id: DocumentId;
  number?: string;
  /** To the second; absent when the list does not say, or says only the day. */
  modifiedAt?: Instant;
  status?: string;
}>;

/** @throws UnreadableDocument when there is no list, or a row names no document */
export const documentRows = (type: ListedDocumentType, body: Fields): readonly ZohoDocumentRow[] => {
  const { roots } = documentLists[type];
  const root = roots.find((name) => body[name] !== undefined);
  if (root === undefined) throw new UnreadableDocument('missing_field', roots.join(' or '), 'is missing');
  return list(body, root, type).map((fields, index) => documentRow(type, fields, `${root}[${index}]`));
};

const documentRow = (type: ListedDocumentType, fields: Fields, path: string): ZohoDocumentRow => {
  const { ids, number: numberField } = documentLists[type];
  const given = ids.map((name) => text(fields, name)).find((id) => id !== undefined);
  const id = documentIdSchema.safeParse(given).data;
  if (!id) throw new UnreadableDocument('bad_field', `${path}.${ids[0]}`, 'is missing or not an id');
  const number = label(fields, numberField);
  const modifiedAt = changeOf(fields, path);
  const state = status(fields);
  return {
    type,
    id,
    ...(number ? { number } : {}),
    ...(modifiedAt ? { modifiedAt } : {}),
    ...(state ? { status: state } : {}),
  };
};

/** A day is too coarse to tell versions apart, and what is illegible is as good as absent. */
const changeOf = (fields: Fields, path: string): Instant | undefined => {
  try {
    const changed = moment(fields, 'last_modified_time', path) ?? moment(fields, 'updated_time', path);
    return changed?.until ? undefined : changed?.from;
  } catch (error) {
    if (error instanceof UnreadableDocument) return undefined;
    throw error;
  }
};
