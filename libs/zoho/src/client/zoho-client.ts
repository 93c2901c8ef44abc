import { type Instant, type ItemId, instantFrom } from '@tallystream/contracts';
import { type Fields, isFields, itemId, list, text } from '../fields';
import { parseJson } from '../json';
import { accessTokens, within, type ZohoCredentials } from './access-token';
import { itemStock, type ZohoItem } from './item-stock';
import { ZohoError } from './zoho-error';

export type ZohoClientSettings = Readonly<{
  apiBaseUrl: string;
  product: 'inventory' | 'books';
  organizationId: string;
  credentials: ZohoCredentials;
  /** Ends calls in flight, with an error, when the process ends. */
  signal?: AbortSignal;
}>;

/** Zoho's REST API, as far as we need it. Every call may throw `ZohoError`. */
export type ZohoClient = Readonly<{
  /** Ids of all active items that Zoho keeps stock of, page by page. */
  inventoryItems: () => AsyncIterable<readonly ItemId[]>;
  /**
   * Stock of items, many in one call. `asOf` is Zoho's own time at the start of the answer.
   * One id that does not exist fails the whole call with 404 and code 1002.
   */
  itemDetails: (ids: readonly ItemId[]) => Promise<Readonly<{ asOf: Instant; items: readonly ZohoItem[] }>>;
}>;

const versions = { inventory: 'inventory/v1', books: 'books/v3' } as const;
const PER_PAGE = 200;
const TIMEOUT_MS = 30_000;

export const openZohoClient = (settings: ZohoClientSettings): ZohoClient => {
  const token = accessTokens(settings.credentials, settings.signal);

  const get = async (path: string, parameters: Readonly<Record<string, string>>) => {
    const url = new URL(`${settings.apiBaseUrl.replace(/\/+$/, '')}/${versions[settings.product]}/${path}`);
    url.search = new URLSearchParams({ ...parameters, organization_id: settings.organizationId }).toString();
    const response = await fetch(url, {
      headers: { authorization: `Zoho-oauthtoken ${await token()}` },
      signal: within(TIMEOUT_MS, settings.signal),
    });
    const body = parseBody(await response.text());
    if (!response.ok || !body) {
      const code = body && typeof body.code === 'number' ? body.code : undefined;
      const detail = body ? (text(body, 'message') ?? 'no message') : 'the answer is not JSON';
      throw new ZohoError(response.status, code, detail);
    }
    return { body, asOf: zohoTime(response) };
  };

  return {
    inventoryItems: async function* () {
      for (let page = 1; ; page += 1) {
        const { body } = await get('items', {
          page: String(page),
          per_page: String(PER_PAGE),
          filter_by: 'Status.Active',
        });
        yield list(body, 'items', 'items').flatMap((item) =>
          isInventory(item) ? (itemId(item, 'item_id', 'items') ?? []) : [],
        );
        const context = body.page_context;
        if (!isFields(context) || context.has_more_page !== true) return;
      }
    },
    itemDetails: async (ids) => {
      const { body, asOf } = await get('itemdetails', { item_ids: ids.join(',') });
      return { asOf, items: list(body, 'items', 'itemdetails').map(itemStock) };
    },
  };
};

const parseBody = (body: string): Fields | undefined => {
  try {
    const parsed = parseJson(body);
    return isFields(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
};

/** A list row that does not say is taken for inventory: its details will tell. */
const isInventory = (item: Fields): boolean => (text(item, 'item_type') ?? 'inventory') === 'inventory';

/** Zoho's clock, not ours: the two are compared with document times, which are Zoho's too. */
const zohoTime = (response: Response): Instant => {
  const millis = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(millis)) throw new ZohoError(response.status, undefined, 'the answer has no Date header');
  return instantFrom(millis);
};
