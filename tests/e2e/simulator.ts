/** A call as the simulator saw it come. */
export type Call = Readonly<{ at: number; endpoint: string; query: string; status?: number }>;

export type Calls = Readonly<{
  /** To the API; requests for tokens have limits of their own. */
  total: number;
  tokenRequests: number;
  mostAtOnce: number;
  endpoints: Readonly<
    Record<string, Readonly<{ calls: number; statuses: Readonly<Record<string, number>> }>>
  >;
  newest: readonly Call[];
}>;

export type TrueLevel = Readonly<
  Record<'itemId' | 'warehouseId', string> &
    Record<'onHand' | 'committed' | 'physicalOnHand' | 'physicalCommitted' | 'inTransit', number>
>;

/** Steers the simulated Zoho, and asks it for the truth. */
export const controlOf = (url: string) => {
  const send = async <T>(path: string, init?: RequestInit): Promise<T> => {
    const response = await fetch(`${url}/control/${path}`, init);
    const body = await response.text();
    if (!response.ok) throw new Error(`control/${path} answered ${response.status}: ${body}`);
    return JSON.parse(body);
  };
  const get = <T>(path: string) => send<T>(path);
  const post = <T = unknown>(path: string, body: object = {}) =>
    send<T>(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  return {
    get,
    post,
    calls: () => get<Calls>('calls'),
    /** Calls are counted from now on. */
    countFromNow: () => post('calls/reset'),
    truth: async () => (await get<{ levels: readonly TrueLevel[] }>('truth')).levels,
    /** Books something that moves stock, and waits until its webhook is answered. */
    book: (action: string, input: object) => post<Booked>('bookings', { action, input }),
  };
};

export type Control = ReturnType<typeof controlOf>;

export type Booked = Readonly<{
  changes: readonly Readonly<{
    document: Record<string, unknown>;
    webhook: Readonly<{ outcome: string; status?: number }>;
  }>[];
}>;

const FIRST_ITEM = 2646610000000109854n;
const ITEM_STEP = 2002n;

/** Items of the simulated organisation, in the order of their creation; every 25th is a service. */
export const itemAt = (index: number): string => String(FIRST_ITEM + BigInt(index) * ITEM_STEP);

export const trackedItems = (count: number): readonly string[] =>
  Array.from({ length: count * 2 }, (_, index) => index)
    .filter((index) => index % 25 !== 24)
    .slice(0, count)
    .map(itemAt);
