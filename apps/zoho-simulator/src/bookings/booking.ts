import { z } from 'zod';
import { documentKinds } from '../organisation/document-kinds';
import {
  type Document,
  type DocumentOf,
  type DocumentType,
  type Line,
  namings,
} from '../organisation/documents';
import {
  addDocument,
  findDocument,
  livingItem,
  nextId,
  type Organisation,
  type Subject,
  touch,
} from '../organisation/organisation';
import { warehouseIds } from '../organisation/warehouses';
import { hasSixDecimals, MAX_QUANTITY, toMillionths } from '../quantity';

/** A document or item that a booking gave a new version, and what Zoho calls that. */
export type Change = Readonly<{ document: Subject; event: ChangeEvent }>;
export type ChangeEvent = 'created' | 'updated' | 'voided' | 'deleted';

/** One thing one can do to a document: what it needs to know, and how the truth changes. */
export type Booking<Input, Given = Input> = Readonly<{
  schema: z.ZodType<Input, Given>;
  /** `at` in whole seconds. Changes the organisation in place, or throws `BookingRefused` and changes nothing. */
  run(organisation: Organisation, input: unknown, at: number): Change[];
}>;

export const booking = <Input, Given>(
  schema: z.ZodType<Input, Given>,
  book: (organisation: Organisation, input: Input, at: number) => Change[],
): Booking<Input, Given> => ({
  schema,
  run: (organisation, input, at) => book(organisation, schema.parse(input), at),
});

/** The organisation does not allow this: no such document, or not in this status. */
export class BookingRefused extends Error {
  constructor(
    readonly reason: 'not_found' | 'bad_input' | 'not_allowed' | 'stopping',
    message: string,
  ) {
    super(message);
    this.name = 'BookingRefused';
  }
}

export const signedQuantity = z
  .number()
  .min(-MAX_QUANTITY)
  .max(MAX_QUANTITY)
  .refine(hasSixDecimals, 'at most 6 decimals');
export const quantity = signedQuantity.refine((value) => value > 0, 'must be more than 0');
export const warehouseId = z.enum(warehouseIds);
export const byId = z.object({ id: z.string() });
export const lineEdit = byId.extend({ line: z.number().int().min(0), quantity });

/** Quantities out of lines of another document, by the lines' places. */
export const partsOfLines = z
  .array(z.object({ line: z.number().int().min(0), quantity }))
  .min(1)
  .refine((parts) => new Set(parts.map(({ line }) => line)).size === parts.length, 'name a line once');

const lineInput = z.object({ itemId: z.string(), quantity, warehouseId });
export type LineInput = z.infer<typeof lineInput>;
export const newDocument = z.object({
  contact: z.number().int().min(0),
  branchId: warehouseId,
  naming: z.enum(namings),
  lines: z.array(lineInput).min(1).max(200),
});
export type NewDocument = z.infer<typeof newDocument>;

/** The header of a new document. */
export const newHeader = <T extends DocumentType>(
  organisation: Organisation,
  input: Pick<NewDocument, 'contact' | 'branchId' | 'naming'>,
  type: T,
  at: number,
) => {
  const id = nextId(organisation);
  const number = `${documentKinds[type].prefix}-${String(organisation.idsGiven).padStart(6, '0')}`;
  const { contact, branchId, naming } = input;
  return {
    type,
    id,
    number,
    contact,
    branchId,
    naming,
    createdAt: at,
    modifiedAt: at,
    changedAfter: organisation.bookings,
  };
};

/** Refuses lines of items we do not have, and a header that cannot speak for all its lines. */
export const checkLines = (organisation: Organisation, input: NewDocument): void => {
  for (const { itemId } of input.lines) {
    const item = livingItem(organisation, itemId);
    if (!item) throw new BookingRefused('bad_input', `no item ${itemId}`);
    if (item.status === 'inactive') throw new BookingRefused('bad_input', `item ${itemId} is inactive`);
  }
  if (input.naming === 'header' && input.lines.some((line) => line.warehouseId !== input.branchId))
    throw new BookingRefused('bad_input', 'the header names one warehouse, the lines are in another');
};

/** Refuses lines of services: documents that move goods alone have none. */
export const checkTracked = (
  organisation: Organisation,
  lines: readonly Readonly<{ itemId: string }>[],
): void => {
  const service = lines.find((line) => organisation.itemById.get(line.itemId)?.isService);
  if (service) throw new BookingRefused('bad_input', `item ${service.itemId} has no stock`);
};

export const newLine = (organisation: Organisation, input: LineInput): Line => ({
  id: nextId(organisation),
  itemId: input.itemId,
  quantity: toMillionths(input.quantity),
  warehouseId: input.warehouseId,
});

export const documentIn = <T extends DocumentType>(
  organisation: Organisation,
  type: T,
  id: string,
  ...statuses: DocumentOf<T>['status'][]
): DocumentOf<T> => {
  const document = findDocument(organisation, type, id);
  if (!document) throw new BookingRefused('not_found', `no ${type} ${id}`);
  const allowed: readonly string[] = statuses;
  if (allowed.length > 0 && !allowed.includes(document.status))
    throw new BookingRefused('not_allowed', `${type} ${id} is ${document.status}`);
  return document;
};

export const lineIn = <L extends Line>(document: { id: string; lines: readonly L[] }, index: number): L => {
  const line = document.lines[index];
  if (!line) throw new BookingRefused('bad_input', `document ${document.id} has no line ${index}`);
  return line;
};

export const created = (organisation: Organisation, document: Document): Change => {
  addDocument(organisation, document);
  return { document, event: 'created' };
};

/** The document or item has changed: dates its new version. */
export const changed = (
  organisation: Organisation,
  document: Subject,
  event: ChangeEvent,
  at: number,
): Change => {
  touch(organisation, document, at);
  return { document, event };
};
