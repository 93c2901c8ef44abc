import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { register } from 'prom-client';

export type MetricFacts = Readonly<{ name: string; type: string; labels: readonly string[]; help: string }>;

/** Every metric of ours. To import the apps, as `main` does, is enough to have them registered. */
export const allMetrics = (): readonly MetricFacts[] => {
  const main = readFileSync(path.join(__dirname, 'main.ts'), 'utf8');
  for (const app of main.match(/(?<=from ')\.\.\/[^']+/g) ?? []) require(app);
  return register
    .getMetricsAsArray()
    .map((metric) => ({
      name: metric.name,
      type: String(metric.type),
      labels: 'labelNames' in metric && Array.isArray(metric.labelNames) ? metric.labelNames : [],
      help: metric.help,
    }))
    .filter(({ name }) => name.startsWith('tally_'))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
};

const HEAD = '| metric | type | labels | what it says |\n| --- | --- | --- | --- |\n';

/** The page with its table as the code has it. */
export const withTable = (page: string, metrics: readonly MetricFacts[]): string => {
  const rows = metrics.map(
    ({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${labels.join(', ')} | ${help} |\n`,
  );
  const [before = '', after = ''] = page.split(HEAD);
  return before + HEAD + rows.join('') + after.replace(/^(\|.*\n)*/, '');
};
