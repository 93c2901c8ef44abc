/** The entities of `/api/zoho/webhooks/:entity`, and the root key of the document that each stands for. */
export const entityRootKeys = {
  products: 'item',
  customers: 'contact',
  invoices: 'invoice',
  bills: 'bill',
  'credit-notes': 'creditnote',
  stock: 'item',
  prices: 'pricebook',
  salesorders: 'salesorder',
  packages: 'package',
  shipments: 'shipment_order',
  'sales-returns': 'salesreturn',
  'purchase-receives': 'purchase_receive',
  'vendor-credits': 'vendor_credit',
  adjustments: 'inventory_adjustment',
  transfers: 'transfer_order',
  bundles: 'bundle',
} as const satisfies Record<string, string>;

export const rootKeyOfEntity = (entity: string): string | undefined =>
  Object.entries(entityRootKeys).find(([name]) => name === entity)?.[1];

/** Zoho sends neither entity nor event in the body: the URL says `event=invoice.updated`, or just `updated`. */
export const splitEvent = (event: string | undefined): Readonly<{ entity?: string; event: string }> => {
  const parts = (event ?? '').toLowerCase().split('.');
  const name = token(parts.at(-1)) ?? 'updated';
  const entity = parts.length > 1 ? token(parts.slice(0, -1).join('_')) : undefined;
  return { event: name, ...(entity ? { entity } : {}) };
};

/** What may stand in a subject; anything else is as good as absent. */
export const token = (text: string | undefined): string | undefined =>
  text !== undefined && /^[a-z0-9_-]{1,64}$/.test(text) ? text : undefined;
