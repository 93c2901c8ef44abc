import { readJson } from '../app';
import { VoidRun } from '../bench';

export const ORGANIZATION = '10234695';
const PER_PAGE = 200;
const PER_CALL = 100;

type Row = Readonly<{ item_id: string; item_type: string }>;
type Page = Readonly<{ items: readonly Row[]; page_context: Readonly<{ has_more_page: boolean }> }>;

export type Minimum = Readonly<{ calls: number; seconds: number }>;

/** The calls that nobody can do without, one after the other: the list, and the details of what has stock. */
export const bareMinimum = async (zohoUrl: string, tracked: number): Promise<Minimum> => {
  const { access_token: token } = await readJson<{ access_token: string }>(`${zohoUrl}/oauth/v2/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: 'bench',
      client_secret: 'bench',
      refresh_token: 'bench',
    }),
  });
  let calls = 0;
  const get = <T>(path: string): Promise<T> => {
    calls += 1;
    return readJson<T>(`${zohoUrl}/inventory/v1/${path}&organization_id=${ORGANIZATION}`, {
      headers: { authorization: `Zoho-oauthtoken ${token}` },
    });
  };
  const began = performance.now();
  const rows: Row[] = [];
  for (let page = 1, hasMore = true; hasMore; page += 1) {
    const answer = await get<Page>(`items?page=${page}&per_page=${PER_PAGE}`);
    rows.push(...answer.items);
    hasMore = answer.page_context.has_more_page;
  }
  const ids = rows.filter(({ item_type }) => item_type === 'inventory').map(({ item_id }) => item_id);
  if (ids.length !== tracked)
    throw new VoidRun(`the list names ${ids.length} items with stock, not ${tracked}`);
  for (let at = 0; at < ids.length; at += PER_CALL)
    await get(`itemdetails?item_ids=${ids.slice(at, at + PER_CALL).join()}`);
  return { calls, seconds: (performance.now() - began) / 1_000 };
};
