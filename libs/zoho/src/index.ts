export type { ZohoItem, ZohoLevel } from './client/item-stock';
export { openZohoClient, type ZohoClient, type ZohoClientSettings } from './client/zoho-client';
export { ZohoError } from './client/zoho-error';
export type { ParserSettings } from './documents/parsers';
export { UnreadableDocument } from './fields';
export * from './signature';
export * from './webhook';
export { isForm, isJsonObject } from './webhook-root';
