import { z } from 'zod';
import { type Api, Refusal, Unreadable } from '../api';
import { duration, table } from '../printed';
import { type AddCommand, examples } from '../stockctl';

/** One thing that can be well or not; `untold` is what this key, or this address, is not told. */
export type Finding = Readonly<{
  what: string;
  state: 'ok' | 'degraded' | 'wrong' | 'untold';
  detail: string;
}>;

const healthSchema = z.object({
  parts: z.record(z.string(), z.object({ status: z.string(), detail: z.string().optional() })),
});
const syncSchema = z.object({
  status: z.enum(['healthy', 'degraded', 'unhealthy']),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
});
export const projectionsSchema = z.object({
  items: z.array(
    z.object({
      name: z.string(),
      checkpoint: z.number().nullable(),
      lagEvents: z.number(),
      lagSeconds: z.number(),
      owner: z.string().nullable(),
      trouble: z.string().nullable().optional(),
    }),
  ),
});
type Projection = Readonly<z.infer<typeof projectionsSchema>['items'][number]>;
const countSchema = z.object({ count: z.number() });
const someSchema = z.object({ items: z.array(z.unknown()), nextCursor: z.string().nullable() });

export const addStatus: AddCommand = (program, act) => {
  program
    .command('status')
    .summary('how Tallystream is')
    .description(
      'How each part is, how old the stock is, what waits, and what has to be decided. Ends with 1 unless all is well.',
    )
    .addHelpText(
      'after',
      examples('status', 'status --json | jq -r \'.[] | select(.state != "ok") | .what\''),
    )
    .action(
      act(async ({ api, out }) => {
        const findings = (await Promise.all(questions.map((question) => asked(question, api)))).flat();
        out.show({ raw: findings, value: findings }, statusTable);
        return isWell(findings) ? 0 : 1;
      }),
    );
};

/** What nobody tells us is no fault, as long as somebody tells us something. */
export const isWell = (findings: readonly Finding[]): boolean =>
  findings.some(({ state }) => state === 'ok') &&
  findings.every(({ state }) => state === 'ok' || state === 'untold');

export const statusTable = (findings: readonly Finding[]): string =>
  table(
    ['what', 'state', 'detail'],
    findings.map(({ what, state, detail }) => [what, state, detail]),
  );

type Question = Readonly<{ what: string; ask: (api: Api) => Promise<readonly Finding[]> }>;

const questions: readonly Question[] = [
  {
    what: 'health',
    ask: async (api) => {
      const response = await api.open('/health/ready');
      // Behind a proxy that keeps it inside, the parts say of themselves how they are.
      if (response.status === 404) return [untold('health', 'not to be asked from outside')];
      const { data } = healthSchema.safeParse(await response.json().catch(() => undefined));
      if (!data) throw new Unreadable(`${api.url}/health/ready answered what stockctl does not understand`);
      return Object.entries(data.parts).map(([part, { status, detail = '' }]) => ({
        what: part,
        state: status === 'up' ? 'ok' : status === 'degraded' ? 'degraded' : 'wrong',
        detail,
      }));
    },
  },
  {
    what: 'sync',
    ask: async (api) => {
      const { status, checks } = (await api.get('/api/sync/stock?action=status', syncSchema)).value;
      const telling = status === 'healthy' ? checks : checks.filter(({ ok }) => !ok);
      const state = ({ healthy: 'ok', degraded: 'degraded', unhealthy: 'wrong' } as const)[status];
      return [{ what: 'sync', state, detail: telling.map(({ detail }) => detail).join('; ') }];
    },
  },
  {
    what: 'projections',
    ask: async (api) =>
      (await api.get('/api/ops/projections', projectionsSchema)).value.items.map(projectionFinding),
  },
  {
    what: 'dead letters',
    ask: async (api) => {
      const body = { filter: {}, dryRun: true };
      const { count } = (await api.post('/api/ops/dead-letters/retry', body, countSchema)).value;
      return [waiting('dead letters', count === 0 ? 'none' : `${count} open: stockctl dead-letters list`)];
    },
  },
  {
    what: 'drift',
    ask: async (api) => {
      const { items, nextCursor } = (
        await api.get('/api/reconciliation/drift?status=open&limit=500', someSchema)
      ).value;
      const count = `${items.length}${nextCursor === null ? '' : ' or more'}`;
      return [waiting('drift', items.length === 0 ? 'none' : `${count} open: stockctl drift list`)];
    },
  },
];

/** A server that is reached, but does not tell, hides no other answer. */
const asked = async ({ what, ask }: Question, api: Api): Promise<readonly Finding[]> => {
  try {
    return await ask(api);
  } catch (error) {
    if (!(error instanceof Refusal) || error.status === 401) throw error;
    const isOurs = error.status === 403 || error.status === 404;
    return [{ what, state: isOurs ? 'untold' : 'wrong', detail: error.message }];
  }
};

export const projectionFinding = ({
  name,
  checkpoint,
  lagEvents,
  lagSeconds,
  owner,
  trouble,
}: Projection): Finding => ({
  what: `projection ${name}`,
  state: owner === null || trouble ? 'wrong' : 'ok',
  detail: [
    checkpoint === null ? 'empty' : `at ${checkpoint}`,
    lagEvents === 0 ? 'nothing waits' : `${lagEvents} events behind, ${duration(lagSeconds)} old`,
    owner === null ? 'nobody fills it' : '',
    trouble ?? '',
  ]
    .filter(Boolean)
    .join('; '),
});

const waiting = (what: string, detail: string): Finding => ({
  what,
  state: detail === 'none' ? 'ok' : 'wrong',
  detail,
});

const untold = (what: string, detail: string): Finding => ({ what, state: 'untold', detail });
