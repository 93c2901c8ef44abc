import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { z } from 'zod';
import { allMetrics } from './metrics-table';

const deploy = path.join(__dirname, '../../../deploy');
const read = (file: string): string => readFileSync(path.join(deploy, file), 'utf8');

const text = z.string().min(1);
const ruleSchema = z.strictObject({
  alert: text,
  expr: text,
  for: z
    .string()
    .regex(/^\d+[smh]$/)
    .optional(),
  labels: z.strictObject({ severity: text }),
  annotations: z.strictObject({ summary: text, runbook: text.optional() }),
});
const rulesSchema = z.strictObject({
  groups: z.array(z.strictObject({ name: text, rules: z.array(ruleSchema).min(1) })).min(1),
});
const dashboardSchema = z.object({
  panels: z.array(z.object({ title: text, targets: z.array(z.object({ expr: text })).min(1) })).min(1),
});

const rules = rulesSchema.parse(parse(read('prometheus/rules.yml'))).groups.flatMap((group) => group.rules);
const panels = dashboardSchema.parse(JSON.parse(read('grafana/dashboard.json'))).panels;
const expressions = [
  ...rules.map(({ alert, expr }) => ({ where: alert, expr })),
  ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ where: title, expr }))),
];

/** Of Prometheus itself, and of every Node process. */
const others = ['up', 'process_resident_memory_bytes'];
const metrics = allMetrics();
const known = new Set([
  ...others,
  ...metrics.flatMap(({ name, type }) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((part) => name + part) : [name],
  ),
]);

/** Grafana fills in `$__rate_interval` before it asks. */
const inPromql = (expr: string) => expr.replaceAll('$__rate_interval', '1m');
const faultsAndNames = (expr: string) => {
  const [faults, names]: [string[], string[]] = [[], []];
  parser.parse(expr).iterate({
    enter: ({ type, name, from, to }) => {
      if (type.isError) faults.push(`at ${from}`);
      if (name === 'Identifier') names.push(expr.slice(from, to));
    },
  });
  return { faults, names };
};

describe('rules and dashboard', () => {
  it.each(expressions)('$where: "$expr" can be asked, of metrics that exist', ({ expr }) => {
    const { faults, names } = faultsAndNames(inPromql(expr));
    expect(faults).toEqual([]);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  it('would notice a fault', () => {
    expect(faultsAndNames('sum(rate(tally_alert[5m])').faults).not.toEqual([]);
    expect(faultsAndNames('tally_no_such > 1').names).toEqual(['tally_no_such']);
  });

  it('are taken by promtool, where there is one', () => {
    const { error, status, stderr } = spawnSync(
      'promtool',
      ['check', 'rules', path.join(deploy, 'prometheus/rules.yml')],
      { encoding: 'utf8' },
    );
    // Without it the checks above have to do.
    const isThere = error === undefined;
    expect(isThere ? { status, stderr } : { status: 0, stderr: '' }).toEqual({ status: 0, stderr: '' });
  });
});
