import { namedItems } from './documents/named-items';
import { type Fields, isFields, status, text, UnreadableDocument } from './fields';
import { parseJson } from './json';

/** What a body is about: the document under its root key, and the event if the body names one. */
export type WebhookRoot = Readonly<{
  entity: string;
  fields: Fields;
  event?: string;
  /** The body names the document and holds nothing of it. */
  isNameOnly?: true;
}>;

/** @throws UnreadableDocument when there is no JSON object with a document in it */
export const webhookRoot = (
  body: Uint8Array,
  contentType: string,
  isKnown: (entity: string) => boolean,
): WebhookRoot => {
  const parsed = jsonOf(body, contentType);
  if (!isFields(parsed)) throw new UnreadableDocument('not_json', '', 'the body is not a JSON object');
  return handMade(parsed, isKnown) ?? defaultPayload(parsed, isKnown);
};

/** Whether a body is what a webhook's body must be, whatever it is about. */
export const isJsonObject = (body: Uint8Array, contentType: string): boolean => {
  try {
    return isFields(jsonOf(body, contentType));
  } catch {
    return false;
  }
};

export const isForm = (contentType: string): boolean =>
  contentType.trim().toLowerCase().startsWith('application/x-www-form-urlencoded');

const jsonOf = (body: Uint8Array, contentType: string): unknown => {
  const written = Buffer.from(body).toString('utf8');
  const json = isForm(contentType) ? new URLSearchParams(written).get('JSONString') : written;
  if (json === null) throw new UnreadableDocument('not_json', '', 'the form has no field JSONString');
  try {
    return parseJson(json);
  } catch {
    // The parser's own message can quote the body, which holds personal data.
    throw new UnreadableDocument('not_json', '', 'the body is not JSON');
  }
};

/** Zoho's default: the document under its root key; one we know, else one that names items, else the first. */
const defaultPayload = (body: Fields, isKnown: (entity: string) => boolean): WebhookRoot => {
  const roots = rootsOf(body);
  const root =
    roots.find(({ entity }) => isKnown(entity)) ??
    roots.find(({ fields }) => namedItems(fields).length > 0) ??
    roots[0];
  if (root) return root;
  throw new UnreadableDocument('missing_field', '', 'the body has no document under a root key');
};

const rootsOf = (body: Fields): readonly WebhookRoot[] =>
  Object.entries(body).flatMap(([entity, value]): WebhookRoot[] => {
    // Zoho's own samples show some documents as a list of one. A longer list is at least worth a look.
    const fields: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
    if (isFields(fields)) return [{ entity, fields }];
    return namedItems({ [entity]: fields }).length > 0 ? [{ entity, fields: { [entity]: fields } }] : [];
  });

/**
 * Bodies that customers configure by hand: `{ "event_type": "item_created", "data": {…} }`, and
 * `{ "resource_name": "item", "event_type": "updated", "resource_id": "…" }`, which names a document only.
 */
const handMade = (body: Fields, isKnown: (entity: string) => boolean): WebhookRoot | undefined => {
  const eventType = status(body, 'event_type');
  const resource = status(body, 'resource_name');
  if (eventType === undefined) return undefined;
  if (isFields(body.data)) {
    const { entity, event } = splitEventType(eventType);
    const inside = documentInside(body.data, entity, isKnown);
    return { entity: entity ?? 'unknown', fields: body.data, ...inside, event };
  }
  const id = text(body, 'resource_id');
  if (resource === undefined || id === undefined) return undefined;
  const fields = { [`${resource}_id`]: id };
  return { entity: resource, fields, event: splitEventType(eventType).event, isNameOnly: true };
};

/** The document in `data`, when it is there under a root key: the one of the event, else one we know. */
const documentInside = (
  data: Fields,
  entity: string | undefined,
  isKnown: (entity: string) => boolean,
): WebhookRoot | undefined => {
  if (data.line_items !== undefined) return undefined;
  const roots = rootsOf(data);
  return roots.find((root) => root.entity === entity) ?? roots.find((root) => isKnown(root.entity));
};

/** `item_created` and `item.created` are about an item; `created` does not say of what. */
const splitEventType = (eventType: string): Readonly<{ entity?: string; event: string }> => {
  const [, entity, event] = /^(?:(.+)[_.])?([a-z]+)$/.exec(eventType) ?? [];
  return { event: event ?? eventType, ...(entity ? { entity } : {}) };
};
