import { instantSchema, warehouseIdSchema } from '@tallystream/contracts';
import { type ParsedWebhook, parseWebhook } from '../webhook';

export type Given = Readonly<{ event?: string; contentType?: string; defaultWarehouse?: string }>;

export const RECEIVED = instantSchema.parse('2026-01-07T10:31:05Z');
export const JSON_TYPE = 'application/json;charset=UTF-8';
export const FORM_TYPE = 'application/x-www-form-urlencoded;charset=UTF-8';

export const parseText = (body: string, { event = 'updated', contentType, defaultWarehouse }: Given = {}) =>
  parseWebhook(
    {
      body: new TextEncoder().encode(body),
      contentType: contentType ?? JSON_TYPE,
      event,
      receivedAt: RECEIVED,
    },
    defaultWarehouse ? { defaultWarehouse: warehouseIdSchema.parse(defaultWarehouse) } : {},
  );

export const parse = (body: unknown, given: Given = {}) => parseText(JSON.stringify(body), given);

/** The document, or in words what became of it. */
export const documentOf = (parsed: ParsedWebhook): unknown => {
  switch (parsed.kind) {
    case 'documents':
      return parsed.documents.length === 1 ? parsed.documents[0] : parsed.documents;
    case 'observe':
      return `observe ${parsed.entity}: ${parsed.items.join(' ')}`;
    case 'ignored':
      return `ignored ${parsed.entity}`;
    case 'unreadable':
      return `${parsed.error.reason} ${parsed.error.message}`;
  }
};

/** The lines of all its documents, or in words what became of it. */
export const linesOf = (parsed: ParsedWebhook): unknown =>
  parsed.kind === 'documents' ? parsed.documents.flatMap(({ lines }) => [...lines]) : documentOf(parsed);
