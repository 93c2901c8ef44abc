import {
  type CatalogueEvent,
  itemCataloguedSchema,
  millisOf,
  warehouseCataloguedSchema,
} from '@tallystream/contracts';

/**
 * Whether an event says anything that the newest one of its subject does not, and was not said before it:
 * a slow answer of Zoho must not undo a later one.
 */
export const isNews = (event: CatalogueEvent, newest: CatalogueEvent | undefined): boolean =>
  newest === undefined ||
  (millisOf(event.data.occurredAt) >= millisOf(newest.data.occurredAt) &&
    contentOf(event) !== contentOf(newest));

/**
 * The event with the fields of its schema and no others: what else Zoho sends of items and warehouses may be
 * personal, and does not belong into a stream.
 * @throws ZodError
 */
export const withoutOtherFields = (event: CatalogueEvent): CatalogueEvent =>
  event.type === 'ItemCatalogued'
    ? { type: event.type, data: itemCataloguedSchema.parse(event.data) }
    : { type: event.type, data: warehouseCataloguedSchema.parse(event.data) };

/** What is said, without who said it and when. Both sides come out of a schema, so their order is the same. */
const contentOf = ({ data }: CatalogueEvent): string => {
  const { cause: _cause, occurredAt: _occurredAt, ...content } = data;
  return JSON.stringify(content);
};
