import { z } from 'zod';
import { query } from '../api';
import { wholeNumber } from '../moment';
import { details, signed, table, time } from '../printed';
import { inWords } from '../run-progress';
import { type AddCommand, examples } from '../stockctl';

const quantities = z.record(z.string(), z.number());
export const driftSchema = z.object({
  driftId: z.string(),
  itemId: z.string(),
  itemName: z.string().optional(),
  sku: z.string().optional(),
  warehouseId: z.string(),
  warehouseName: z.string().optional(),
  side: z.string(),
  verdict: z.string(),
  status: z.string(),
  difference: quantities,
  detectedAt: z.string(),
  resolved: z.object({ at: z.string(), actor: z.string(), note: z.string().optional() }).optional(),
});
export type Drift = Readonly<z.infer<typeof driftSchema>>;
const driftsSchema = z.object({ items: z.array(driftSchema), nextCursor: z.string().nullable() });
const evidenceSchema = driftSchema.extend({
  evidence: z.object({
    zoho: quantities,
    ledger: quantities,
    asOf: z.string(),
    runId: z.string().optional(),
    lookedUp: z.array(z.string()).default([]),
  }),
});
const decidedSchema = z.object({ driftId: z.string(), resolution: z.string() });

type ListOptions = Readonly<{ status: string; item?: string; warehouse?: string; limit: number }>;

export const addDrift: AddCommand = (program, act) => {
  const drift = program
    .command('drift')
    .summary('where Zoho and we disagree: list, show, approve, reject')
    .description(
      'Differences from Zoho that nothing in flight explains. docs/drift.md says how they are judged.',
    );
  drift
    .command('list')
    .description('Drifts, the last one found first.')
    .option('--status <status>', 'open, corrected, approved, rejected, … or all', 'open')
    .option('--item <id>')
    .option('--warehouse <id>')
    .option('--limit <count>', 'at most so many', wholeNumber, 50)
    .addHelpText('after', examples('drift list', 'drift list --status all --item 2646610000000109854'))
    .action(
      act(async ({ api, out }, { status, ...filter }: ListOptions) => {
        const wanted = query({ status: status === 'all' ? undefined : status, ...filter });
        out.show(await api.get(`/api/reconciliation/drift${wanted}`, driftsSchema), driftTable);
        return 0;
      }),
    );
  drift
    .command('show <id>')
    .description('One drift with its evidence: both numbers, and what was looked up.')
    .addHelpText('after', examples('drift show 0f1e2d3c'))
    .action(
      act(async ({ api, out }, id: string) => {
        out.show(await api.get(pathOf(id), evidenceSchema), driftDetails);
        return 0;
      }),
    );
  drift
    .command('approve <id>')
    .description('Zoho is right: its number is taken over.')
    .option('--note <text>', 'why')
    .addHelpText('after', examples("drift approve 0f1e2d3c --note 'counted: Zoho is right'"))
    .action(
      act(async ({ api, out }, id: string, { note }: { note?: string }) => {
        out.show(await api.post(`${pathOf(id)}/approve`, { note }, decidedSchema), decided);
        return 0;
      }),
    );
  drift
    .command('reject <id>')
    .description('We are right: our number stays, and this difference is not asked about again.')
    .requiredOption('--note <text>', 'why')
    .addHelpText('after', examples("drift reject 0f1e2d3c --note 'counted: 12 on the shelf'"))
    .action(
      act(async ({ api, out }, id: string, { note }: { note: string }) => {
        out.show(await api.post(`${pathOf(id)}/reject`, { note }, decidedSchema), decided);
        return 0;
      }),
    );
};

const pathOf = (id: string): string => `/api/reconciliation/drift/${encodeURIComponent(id)}`;

const decided = ({ driftId, resolution }: z.infer<typeof decidedSchema>): string =>
  `${driftId} is ${resolution}`;

export const driftTable = ({ items, nextCursor }: z.infer<typeof driftsSchema>): string =>
  items.length === 0
    ? 'No drift.'
    : table(
        ['drift', 'status', 'item', 'warehouse', 'Zoho has', 'found'],
        items.map(({ driftId, status, itemId, sku, itemName, warehouseId, warehouseName, ...rest }) => [
          driftId,
          status,
          sku ?? itemName ?? itemId,
          warehouseName ?? warehouseId,
          differenceIn(rest),
          time(rest.detectedAt),
        ]),
      ) + (nextCursor === null ? '' : '\n… and more: --limit');

/** `+40 on hand, -2 committed`. */
const differenceIn = ({ difference }: Pick<Drift, 'difference'>): string =>
  Object.entries(difference)
    .filter(([, value]) => value !== 0)
    .map(([name, value]) => `${signed(value)} ${inWords(name)}`)
    .join(', ');

export const driftDetails = ({ evidence, resolved, ...drift }: z.infer<typeof evidenceSchema>): string => {
  const names = [...new Set([...Object.keys(evidence.ledger), ...Object.keys(evidence.zoho)])];
  return [
    details([
      ['drift', drift.driftId],
      ['status', drift.status],
      ['item', [drift.itemId, drift.sku, drift.itemName].filter(Boolean).join(' ')],
      ['warehouse', [drift.warehouseId, drift.warehouseName].filter(Boolean).join(' ')],
      ['side', drift.side],
      ['verdict', drift.verdict],
      ['Zoho has', differenceIn(drift)],
      ['found', `${time(drift.detectedAt)}${evidence.runId ? ` by ${evidence.runId}` : ''}`],
      ['looked up', evidence.lookedUp.join(', ')],
      ['decided', resolved && `${time(resolved.at)} by ${resolved.actor}`],
      ['note', resolved?.note],
    ]),
    '',
    table(
      ['quantity', 'Zoho', 'we'],
      names.map((name) => [inWords(name), evidence.zoho[name], evidence.ledger[name]]),
    ),
    ...(drift.status === 'open'
      ? ['', `stockctl drift approve ${drift.driftId}, or drift reject ${drift.driftId} --note …`]
      : []),
  ].join('\n');
};
