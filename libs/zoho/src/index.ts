export type { ParserSettings } from './documents/parsers';
export { UnreadableDocument } from './fields';
export * from './signature';
export * from './webhook';
