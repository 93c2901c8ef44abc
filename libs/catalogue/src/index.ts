export { type Catalogue, openCatalogue } from './catalogue';
export { type StoredCatalogueEvent, storedCatalogueEvent } from './stored-event';
