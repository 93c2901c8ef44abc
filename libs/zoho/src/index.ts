export type { CallOptions, Priority } from './budget/priorities';
export type { QuotaStatus, ZohoLimits } from './budget/quota-status';
export {
  deletedDocument,
  documentPath,
  type ZohoDocumentPage,
  type ZohoDocuments,
} from './client/documents';
export type { ZohoDocumentRow } from './client/documents-rows';
export { type ListedDocumentType, listedDocumentTypes } from './client/documents-table';
export type { ZohoItemDetails } from './client/item-details';
export type { ZohoLevel } from './client/item-stock';
export { type ReadItems, readItems } from './client/read-items';
export { storedItem } from './client/stored-item';
export type { ZohoWarehouse } from './client/warehouses';
export {
  openZohoClient,
  type ZohoClient,
  type ZohoItem,
  type ZohoItemPage,
  type ZohoItems,
  type ZohoOrganization,
} from './client/zoho-client';
export { ZohoError, type ZohoErrorKind } from './client/zoho-error';
export type { ZohoClientSettings } from './client/zoho-settings';
export type { ZohoState, ZohoStatus } from './client/zoho-status';
export type { ParserSettings } from './documents/parsers';
export { UnreadableDocument } from './fields';
export * from './signature';
export * from './webhook';
export { isForm, isJsonObject } from './webhook-root';
