import {
  type DocumentId,
  type DocumentType,
  documentIdSchema,
  type WarehouseId,
} from '@tallystream/contracts';
import type { DocumentContent, OrderLine, QuantityLine, StockDocument } from '@tallystream/domain';
import {
  amount,
  counter,
  type Fields,
  type Moment,
  moment,
  neededQuantity,
  status,
  text,
  UnreadableDocument,
} from '../fields';
import { type CountingLine, countingLines } from './lines';

export type ParserSettings = Readonly<{ defaultWarehouse?: WarehouseId }>;

type DocumentParser = Readonly<{
  idField: string;
  numberField: string;
  /** For documents that Zoho sends without a status. */
  statusIfAbsent?: string;
  content: (document: Fields, path: string, defaultWarehouse: WarehouseId | undefined) => DocumentContent;
}>;

/** One entry per document type, by its root key: how to read what the table of effects needs. */
const parsers: { readonly [T in DocumentType]: DocumentParser } = {
  salesorder: {
    idField: 'salesorder_id',
    numberField: 'salesorder_number',
    content: (...from) => ({ type: 'salesorder', lines: countingLinesOf(...from).map(orderLine) }),
  },
  invoice: {
    idField: 'invoice_id',
    numberField: 'invoice_number',
    content: (...from) => ({ type: 'invoice', lines: countingLinesOf(...from).map(amountLine) }),
  },
  bill: {
    idField: 'bill_id',
    numberField: 'bill_number',
    content: (...from) => ({ type: 'bill', lines: countingLinesOf(...from).map(amountLine) }),
  },
  inventory_adjustment: {
    idField: 'inventory_adjustment_id',
    numberField: 'reference_number',
    statusIfAbsent: 'adjusted',
    content: (...from) => adjustmentContent(...from),
  },
};

/**
 * @throws UnreadableDocument with the path of the first field that should count and cannot be read
 */
export const parseDocument = (
  type: DocumentType,
  fields: Fields,
  { deleted, created, receivedAt }: Readonly<{ deleted: boolean; created: boolean; receivedAt: Moment }>,
  { defaultWarehouse }: ParserSettings,
): StockDocument => {
  const parser = parsers[type];
  const modified = moment(fields, 'last_modified_time', type) ?? (deleted ? receivedAt : undefined);
  if (!modified) throw new UnreadableDocument('missing_field', `${type}.last_modified_time`, 'is missing');
  // The webhook of a creation carries the first version: it was created when it was last modified.
  const createdAt = (moment(fields, 'created_time', type) ?? (created ? modified : undefined))?.from;
  const number = text(fields, parser.numberField);
  const head = {
    id: documentId(fields, parser.idField, type),
    status: statusOf(fields, type, parser, deleted),
    modifiedAt: modified.from,
    deleted,
    ...(modified.until ? { modifiedUntil: modified.until } : {}),
    ...(createdAt ? { createdAt } : {}),
    ...(number ? { number } : {}),
  };
  // A deletion may name the document and nothing else; of any other version, no lines would undo the stock.
  if (fields.line_items === undefined) {
    if (deleted) return { ...head, type, lines: [] };
    throw new UnreadableDocument('missing_field', `${type}.line_items`, 'is missing');
  }
  return { ...head, ...parser.content(fields, type, defaultWarehouse) };
};

const documentId = (fields: Fields, name: string, path: string): DocumentId => {
  const parsed = documentIdSchema.safeParse(text(fields, name));
  if (parsed.success) return parsed.data;
  throw new UnreadableDocument('bad_field', `${path}.${name}`, 'is missing or not an id');
};

const statusOf = (fields: Fields, type: DocumentType, parser: DocumentParser, deleted: boolean): string => {
  const given = status(fields) ?? parser.statusIfAbsent ?? (deleted ? 'deleted' : undefined);
  if (given) return given;
  throw new UnreadableDocument('missing_field', `${type}.status`, 'is missing');
};

const countingLinesOf = (
  fields: Fields,
  path: string,
  defaultWarehouse: WarehouseId | undefined,
): readonly CountingLine[] => countingLines(fields, 'line_items', path, defaultWarehouse);

const amountLine = ({ line, fields, path }: CountingLine): QuantityLine => ({
  ...line,
  quantity: amount(fields, 'quantity', path),
});

const orderLine = ({ line, fields, path }: CountingLine): OrderLine => ({
  ...line,
  quantity: amount(fields, 'quantity', path),
  invoiced: counter(fields, 'quantity_invoiced', path),
  cancelled: counter(fields, 'quantity_cancelled', path),
  shipped: counter(fields, 'quantity_shipped', path),
  manuallyFulfilled: counter(fields, 'quantity_manuallyfulfilled', path),
  dropshipped: counter(fields, 'quantity_dropshipped', path),
});

const adjustmentContent = (
  fields: Fields,
  path: string,
  defaultWarehouse: WarehouseId | undefined,
): DocumentContent => {
  const adjustmentType = text(fields, 'adjustment_type')?.toLowerCase();
  if (adjustmentType !== 'quantity' && adjustmentType !== 'value') {
    throw new UnreadableDocument('bad_field', `${path}.adjustment_type`, 'is neither quantity nor value');
  }
  if (adjustmentType === 'value') return { type: 'inventory_adjustment', lines: [] };
  const lines = countingLinesOf(fields, path, defaultWarehouse).map(({ line, fields: from, path: at }) => ({
    ...line,
    quantity: neededQuantity(from, 'quantity_adjusted', at),
  }));
  return { type: 'inventory_adjustment', lines };
};
