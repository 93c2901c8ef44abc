/** One call that came to our door. */
export type Call = {
  /** Milliseconds since 1970, by the simulator's clock. */
  readonly at: number;
  readonly method: string;
  readonly endpoint: string;
  readonly query: string;
  /** Not there while the call is under way, or when it was cut off. */
  status?: number;
};

export type CallBook = ReturnType<typeof callBook>;

const KEPT = 1000;

/** Counts calls by endpoint, so that tests can say how many were needed, and keeps the newest. */
export const callBook = () => {
  let byEndpoint = new Map<string, { calls: number; statuses: Record<string, number> }>();
  let newest: Call[] = [];
  let underWay = 0;
  let mostAtOnce = 0;

  const entryOf = (endpoint: string) => {
    const entry = byEndpoint.get(endpoint) ?? { calls: 0, statuses: {} };
    byEndpoint.set(endpoint, entry);
    return entry;
  };

  return {
    begin: (call: Call): void => {
      entryOf(call.endpoint).calls += 1;
      newest.push(call);
      if (newest.length > 2 * KEPT) newest = newest.slice(-KEPT);
      underWay += 1;
      mostAtOnce = Math.max(mostAtOnce, underWay);
    },
    end: (call: Call, status: number | undefined): void => {
      underWay -= 1;
      call.status = status;
      const { statuses } = entryOf(call.endpoint);
      const name = String(status ?? 'cut');
      statuses[name] = (statuses[name] ?? 0) + 1;
    },
    reset: (): void => {
      byEndpoint = new Map();
      newest = [];
      mostAtOnce = underWay;
    },
    /** `total` counts calls to the API alone: token requests have limits of their own. */
    state: () => {
      const endpoints = Object.fromEntries([...byEndpoint].sort(([a], [b]) => (a < b ? -1 : 1)));
      const { token, ...others } = endpoints;
      return {
        total: Object.values(others).reduce((sum, { calls }) => sum + calls, 0),
        tokenRequests: token?.calls ?? 0,
        mostAtOnce,
        endpoints,
        newest: newest.slice(-KEPT),
      };
    },
  };
};
