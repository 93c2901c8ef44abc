import { type Instant, type ItemId, instantFrom, millisOf } from '@tallystream/contracts';
import type { CallOptions } from '../budget/priorities';
import type { QuotaStatus } from '../budget/quota-status';
import { isBlank, label, list, text } from '../fields';
import { entryTexts } from '../json';
import { hasMorePages, readable } from './answers';
import { documentCalls, type ZohoDocuments } from './documents';
import { itemDetails, type ZohoItemDetails } from './item-details';
import { itemStock, type ZohoLevel } from './item-stock';
import { warehousesOf, type ZohoWarehouse } from './warehouses';
import { zohoCalls } from './zoho-calls';
import { ZohoError } from './zoho-error';
import type { ZohoClientSettings } from './zoho-settings';
import type { ZohoStatus } from './zoho-status';

export type ZohoItem = Readonly<{
  itemId: ItemId;
  sku?: string;
  details: ZohoItemDetails;
  levels: readonly ZohoLevel[];
  /** JSON text of the item as Zoho sent it, its numbers to the last digit, without names of people */
  raw: string;
}>;

/** `asOf` is Zoho's own time, and not later than when it read the stock. */
export type ZohoItems = Readonly<{ asOf: Instant; items: readonly ZohoItem[] }>;
export type ZohoItemPage = Readonly<{
  asOf: Instant;
  items: readonly ZohoItemDetails[];
  hasMore: boolean;
}>;

export type ItemsQuery = Readonly<{
  /** 1, 2, 3, … */
  page: number;
  /** At most, and by default, 200 */
  perPage?: number;
  activeOnly: boolean;
  /** Only items changed at that moment or later. A stock movement does not change an item. */
  modifiedSince?: Instant;
}>;

export type ZohoOrganization = Readonly<{ id: string; name: string; version?: string }>;

/** Zoho's REST API, as far as we need it. Every call may throw `ZohoError`, and costs one call of the quota. */
export type ZohoClient = ZohoDocuments &
  Readonly<{
    /** A page of items in the order of their creation, so that pages stay what they are while items are added. */
    listItems: (query: ItemsQuery, call: CallOptions) => Promise<ZohoItemPage>;
    /** Items with their stock by location, many in one call. One id that is gone fails it with `not_found`. */
    itemDetails: (ids: readonly ItemId[], call: CallOptions) => Promise<ZohoItems>;
    warehouses: (call: CallOptions) => Promise<readonly ZohoWarehouse[]>;
    organization: (call: CallOptions) => Promise<ZohoOrganization>;
    /** How we stand with Zoho; costs nothing. */
    status: () => ZohoStatus;
    /** What is left for all replicas; costs nothing. */
    budget: () => Promise<QuotaStatus>;
  }>;

const MAX_PER_PAGE = 200;

/** What Zoho writes into an item about people. Snapshots are evidence of stock; personal data is kept in the inbox only. */
const namesOfPeople: ReadonlySet<string> = new Set([
  'vendor_name',
  'customer_name',
  'contact_name',
  'created_by',
  'created_by_name',
  'last_modified_by',
  'last_modified_by_name',
]);

export const openZohoClient = (settings: ZohoClientSettings): ZohoClient => {
  const { get, budget, standing } = zohoCalls(settings);
  const { arabicNameField, organizationId } = settings;

  return {
    ...documentCalls(get),

    listItems: async ({ page, perPage = MAX_PER_PAGE, activeOnly, modifiedSince }, call) => {
      const { asOf, body } = await get('items', call, {
        page: String(page),
        per_page: String(perPage),
        sort_column: 'created_time',
        sort_order: 'A',
        ...(activeOnly ? { filter_by: 'Status.Active' } : {}),
        ...(modifiedSince && settings.product === 'inventory'
          ? { last_modified_time: asZohoTime(modifiedSince) }
          : {}),
      });
      const rows = readable(() =>
        list(body, 'items', 'items').flatMap((row) =>
          isBlank(row.item_id) ? [] : [itemDetails(row, arabicNameField)],
        ),
      );
      return { asOf, items: rows.filter((row) => isSince(row, modifiedSince)), hasMore: hasMorePages(body) };
    },

    itemDetails: async (ids, call) => {
      const { asOf, body, text } = await get('itemdetails', call, { item_ids: ids.join(',') });
      const raws = entryTexts(text, 'items', namesOfPeople);
      const items = readable(() =>
        list(body, 'items', 'itemdetails').map((item, index) => ({
          ...itemStock(item),
          details: itemDetails(item, arabicNameField),
          raw: raws[index] ?? '',
        })),
      );
      return { asOf, items };
    },

    warehouses: async (call) => {
      const answer = await get('locations', call).catch((error: unknown) => {
        // Organisations without locations have warehouses.
        const isElsewhere = error instanceof ZohoError && ['not_found', 'refused'].includes(error.kind);
        return isElsewhere ? get('settings/warehouses', call) : Promise.reject(error);
      });
      return readable(() => warehousesOf(answer.body));
    },

    organization: async (call) => {
      const { body } = await get('organizations', call);
      const own = readable(() => list(body, 'organizations', 'organizations')).find(
        (organization) => text(organization, 'organization_id') === organizationId,
      );
      if (!own) {
        const error = new ZohoError(
          'wrong_organization',
          `these credentials do not reach organisation ${organizationId}`,
        );
        standing.failed(error);
        throw error;
      }
      const offsetMs = dayOffset(label(own, 'time_zone'));
      if (offsetMs !== undefined) await budget.learnDay(offsetMs);
      const version = label(own, 'version');
      return {
        id: organizationId,
        name: label(own, 'name') ?? organizationId,
        ...(version === undefined ? {} : { version }),
      };
    },

    status: standing.status,
    budget: budget.status,
  };
};

/** How far the clocks of `Asia/Riyadh` are before UTC now, in milliseconds; nothing for a zone nobody knows. */
const dayOffset = (zone: string | undefined): number | undefined => {
  if (zone === undefined) return undefined;
  try {
    const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' });
    const name = format.formatToParts().find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours, minutes] = /^GMT(?:([+-])(\d{2}):(\d{2}))?$/.exec(name) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
  } catch {
    return undefined;
  }
};

/** `2026-01-07T10:30:00+0000`, as Zoho writes times: without colon or milliseconds. */
const asZohoTime = (instant: Instant): string =>
  instantFrom(millisOf(instant)).replace(/(\.\d+)?Z$/, '+0000');

/** Books has no such filter, and unknown parameters are ignored: so rows are looked at in any case. */
const isSince = ({ lastModified }: ZohoItemDetails, since: Instant | undefined): boolean =>
  !since || !lastModified || millisOf(lastModified) >= Math.floor(millisOf(since) / 1000) * 1000;
