import {
  type DocumentId,
  type DocumentType,
  documentIdSchema,
  MAX_QUANTITY,
  negate,
  times,
  type WarehouseId,
} from '@tallystream/contracts';
import type {
  DocumentContent,
  OrderLine,
  QuantityDocumentType,
  QuantityLine,
  StockDocument,
  TransferLine,
} from '@tallystream/domain';
import {
  amount,
  counter,
  type Fields,
  flag,
  isBlank,
  isFields,
  itemId,
  label,
  type Moment,
  moment,
  neededQuantity,
  status,
  text,
  UnreadableDocument,
  warehouseId,
} from '../fields';
import { type CountingLine, countingLines } from './lines';

export type ParserSettings = Readonly<{ defaultWarehouse?: WarehouseId }>;

/** What is known of a document beside its own fields. */
export type Circumstances = Readonly<{ deleted: boolean; created: boolean; receivedAt: Moment }>;

/** A document's fields, where they lie in the body, and the warehouse of lines that name none. */
type Source = Readonly<{ fields: Fields; path: string; defaultWarehouse: WarehouseId | undefined }>;

type DocumentParser = Readonly<{
  /** Fields that hold the id, the first one that is there. */
  ids: readonly string[];
  number: string;
  /** Where the status is, when not in `status`; nothing when the document does not say. */
  status?: (fields: Fields) => string | undefined;
  content: (source: Source) => DocumentContent;
}>;

/** One entry per document type: how to read what the table of effects needs. */
const parsers: { readonly [T in DocumentType]: DocumentParser } = {
  salesorder: {
    ids: ['salesorder_id'],
    number: 'salesorder_number',
    content: (source) => ({ type: 'salesorder', lines: linesOf(source).map(orderLine) }),
  },
  invoice: quantityDocument('invoice', ['invoice_id'], 'invoice_number'),
  package: {
    ...quantityDocument('package', ['package_id'], 'package_number'),
    // A package that was not shipped has no shipment; one that was carries its shipment's status.
    status: (fields) => status(fields) ?? status(nested(fields, 'shipment_order')) ?? 'not_shipped',
  },
  creditnote: quantityDocument('creditnote', ['creditnote_id'], 'creditnote_number'),
  salesreturnreceive: {
    ...quantityDocument('salesreturnreceive', ['receive_id', 'salesreturnreceive_id'], 'receive_number'),
    status: (fields) => status(fields) ?? 'received',
  },
  bill: quantityDocument('bill', ['bill_id'], 'bill_number'),
  purchase_receive: {
    ...quantityDocument(
      'purchase_receive',
      ['receive_id', 'purchase_receive_id', 'purchasereceive_id'],
      'receive_number',
    ),
    status: (fields) => status(fields) ?? 'received',
  },
  vendor_credit: quantityDocument(
    'vendor_credit',
    ['vendor_credit_id', 'vendorcredit_id'],
    'vendor_credit_number',
  ),
  inventory_adjustment: {
    ids: ['inventory_adjustment_id', 'inventoryadjustment_id'],
    number: 'reference_number',
    status: (fields) => status(fields) ?? 'adjusted',
    content: (source) => ({ type: 'inventory_adjustment', lines: adjustmentLines(source) }),
  },
  transfer_order: {
    ids: ['transfer_order_id', 'transferorder_id'],
    number: 'transfer_order_number',
    status: transferStatus,
    content: (source) => ({ type: 'transfer_order', lines: transferLines(source) }),
  },
  bundle: {
    ids: ['bundle_id'],
    number: 'transaction_number',
    status: (fields) => status(fields) ?? (flag(fields, 'is_completed') ? 'completed' : undefined),
    content: (source) => ({ type: 'bundle', lines: bundleLines(source) }),
  },
};

/**
 * @throws UnreadableDocument with the path of the first field that should count and cannot be read
 */
export const parseDocument = (
  type: DocumentType,
  fields: Fields,
  circumstances: Circumstances,
  { defaultWarehouse }: ParserSettings,
): StockDocument => {
  const parser = parsers[type];
  const { deleted, created } = circumstances;
  const modified = modifiedMoment(fields, type, circumstances);
  // The webhook of a creation carries the first version: it was created when it was last modified.
  const createdAt = (moment(fields, 'created_time', type) ?? (created ? modified : undefined))?.from;
  const number = label(fields, parser.number);
  const head = {
    id: documentId(fields, parser.ids, type),
    status: statusOf(fields, type, parser, deleted),
    modifiedAt: modified.from,
    deleted,
    ...(modified.until ? { modifiedUntil: modified.until } : {}),
    ...(createdAt ? { createdAt } : {}),
    ...(number ? { number } : {}),
  };
  // A deletion may name the document and nothing else; of any other version, no lines would undo the stock.
  if (isBlank(fields.line_items)) {
    if (deleted) return { ...head, type, lines: [] };
    throw new UnreadableDocument('missing_field', `${type}.line_items`, 'is missing');
  }
  return { ...head, ...parser.content({ fields, path: type, defaultWarehouse }) };
};

/** Without a time of modification, the change happened between the creation and now. */
const modifiedMoment = (fields: Fields, type: string, { deleted, receivedAt }: Circumstances): Moment => {
  const stated = moment(fields, 'last_modified_time', type) ?? moment(fields, 'updated_time', type);
  if (stated) return stated;
  if (deleted) return receivedAt;
  const created = moment(fields, 'created_time', type);
  if (created) return { from: created.from, until: receivedAt.from };
  throw new UnreadableDocument('missing_field', `${type}.last_modified_time`, 'is missing');
};

const documentId = (fields: Fields, names: readonly string[], path: string): DocumentId => {
  const given = names.map((name) => text(fields, name)).find((id) => id !== undefined);
  const parsed = documentIdSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new UnreadableDocument('bad_field', `${path}.${names[0]}`, 'is missing or not an id');
};

const statusOf = (fields: Fields, type: DocumentType, parser: DocumentParser, deleted: boolean): string => {
  const given = (parser.status ?? status)(fields) ?? (deleted ? 'deleted' : undefined);
  if (!given) throw new UnreadableDocument('missing_field', `${type}.status`, 'is missing');
  // It is kept for ever, so it must be a word of Zoho's, not what somebody wrote.
  if (STATUS.test(given)) return given;
  throw new UnreadableDocument('bad_field', `${type}.status`, 'is not a status');
};

const STATUS = /^[a-z]{1,24}(_[a-z]{1,24}){0,3}$/;

function quantityDocument(
  type: Exclude<QuantityDocumentType, 'inventory_adjustment'>,
  ids: readonly string[],
  number: string,
): DocumentParser {
  return { ids, number, content: (source) => ({ type, lines: linesOf(source).map(amountLine) }) };
}

function linesOf({ fields, path, defaultWarehouse }: Source): readonly CountingLine[] {
  return countingLines(fields, 'line_items', path, defaultWarehouse);
}

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

function adjustmentLines(source: Source): readonly QuantityLine[] {
  const { fields, path } = source;
  const kind = text(fields, 'adjustment_type')?.toLowerCase();
  if (kind === 'value') return [];
  if (kind !== 'quantity') {
    throw new UnreadableDocument('bad_field', `${path}.adjustment_type`, 'is neither quantity nor value');
  }
  return linesOf(source).map(({ line, fields: from, path: at }) => ({
    ...line,
    quantity: neededQuantity(from, 'quantity_adjusted', at),
  }));
}

/** Older payloads have only the flag. */
function transferStatus(fields: Fields): string | undefined {
  const stated = status(fields);
  if (stated === 'received') return 'transferred';
  if (stated === 'partially_received') return 'partially_transferred';
  if (stated === 'intransit') return 'in_transit';
  if (stated) return stated;
  const inTransit = flag(fields, 'is_intransit_order');
  return inTransit === undefined ? undefined : inTransit ? 'in_transit' : 'transferred';
}

function transferLines(source: Source): readonly TransferLine[] {
  const { fields, path } = source;
  const from =
    warehouseId(fields, 'from_warehouse_id', path) ?? warehouseId(fields, 'from_location_id', path);
  const to = warehouseId(fields, 'to_warehouse_id', path) ?? warehouseId(fields, 'to_location_id', path);
  if (!from || !to) {
    throw new UnreadableDocument(
      'missing_field',
      `${path}.${from ? 'to' : 'from'}_location_id`,
      'is missing',
    );
  }
  const received = receivedBy(transferStatus(fields));
  return countingLines(fields, 'line_items', path, from).map(({ line, fields: own, path: at }) => {
    const quantity = amount(own, 'quantity_transfer', at);
    return { ...line, warehouseId: from, destinationId: to, quantity, received: received(own, at, quantity) };
  });
}

/** How much of a line has arrived: all, nothing, or what the line says of it. */
function receivedBy(transferred: string | undefined) {
  return (line: Fields, path: string, quantity: number): number => {
    if (transferred === 'transferred') return quantity;
    if (transferred !== 'partially_transferred') return 0;
    const name = text(line, 'quantity_received') === undefined ? 'quantity_transferred' : 'quantity_received';
    return Math.min(amount(line, name, path), quantity);
  };
}

/** What was put together, and what it took: `quantity_consumed` of each part for one of it. */
function bundleLines(source: Source): readonly QuantityLine[] {
  const composite = compositeLine(source);
  const parts = linesOf(source).map(({ line, fields, path }) => ({
    ...line,
    quantity: negate(consumed(composite.quantity, fields, path)),
  }));
  return [composite, ...parts];
}

function consumed(bundles: number, part: Fields, path: string): number {
  const each = amount(part, 'quantity_consumed', path);
  if (bundles * each <= MAX_QUANTITY) return times(bundles, each);
  throw new UnreadableDocument('bad_field', `${path}.quantity_consumed`, 'is not a quantity');
}

function compositeLine({ fields, path, defaultWarehouse }: Source): QuantityLine {
  const item = itemId(fields, 'composite_item_id', path);
  if (!item) throw new UnreadableDocument('missing_field', `${path}.composite_item_id`, 'is missing');
  const warehouse =
    warehouseId(fields, 'warehouse_id', path) ?? warehouseId(fields, 'location_id', path) ?? defaultWarehouse;
  if (!warehouse) throw new UnreadableDocument('missing_field', `${path}.warehouse_id`, 'is missing');
  const sku = label(fields, 'composite_item_sku');
  const quantity = amount(fields, 'quantity_to_bundle', path);
  return { itemId: item, warehouseId: warehouse, quantity, ...(sku ? { sku } : {}) };
}

function nested(fields: Fields, name: string): Fields {
  const value = fields[name];
  return isFields(value) ? value : {};
}
