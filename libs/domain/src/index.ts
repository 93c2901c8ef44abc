export * from './document/decide-document';
export { effectOf, type LevelEffect, reasonOf, touchedLevels } from './document/document-effects';
export * from './document/stock-document';
export * from './document/trust';
export * from './drift/drift-case';
export { judge } from './drift/judge';
export * from './drift/review';
export * from './level/level';
export * from './observation/decide-observation';
