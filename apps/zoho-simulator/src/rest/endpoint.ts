/** A path inside a product: `items/123` of `/inventory/v1/items/123`. */
export const pathInside = (path: string): string =>
  path.replace(/^\/(inventory\/v1|books\/v3)\/?/, '').replace(/\/+$/, '');

/** What counts as one endpoint, whatever the id: `items`, `items/:id`, `itemdetails`, `token`. */
export const endpointOf = (path: string): string =>
  path.startsWith('/oauth/') ? 'token' : pathInside(path).replace(/(^|\/)\d+(?=\/|$)/g, '$1:id');
