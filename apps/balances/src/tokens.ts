export const CATALOGUE_PROJECTION = Symbol('CatalogueProjection');
export const BALANCES_PROGRESS = Symbol('ProjectionProgress of the balances');
export const CATALOGUE_PROGRESS = Symbol('ProjectionProgress of the catalogue');
