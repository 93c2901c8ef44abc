import fs from 'node:fs';
import path from 'node:path';
import { root } from '../../deploy/local/checkout';
import type { BenchResult, Row } from './bench';
import type { Environment } from './environment';

const columns = ['what', 'figure', 'floor', 'ratio', 'spread', 'goal', ''] as const;

const cells = (row: Row): readonly string[] => [
  row.what,
  `${thousands(row.figure)} ${row.unit}`,
  `${thousands(row.floorFigure)} (${row.floor})`,
  factor(row.ratio, row.goal),
  `${factor(row.lowest, row.goal)} … ${factor(row.highest, row.goal)}`,
  goalOf(row),
  verdict(row),
];

const goalOf = ({ goal, limit, most, unit }: Row): string => {
  if (limit !== undefined) return `≤ ${factor(limit, undefined)}`;
  if (most !== undefined) return `≤ ${thousands(most)} ${unit}`;
  return goal === undefined ? '' : `≥ ${factor(goal, goal)}`;
};

const OPEN = 'open: rounds on both sides';

/** Rounds that contradict each other decide nothing. */
const verdict = ({ lowest, highest, goal, limit, most, worst }: Row): string => {
  if (limit !== undefined) return atMost(limit, { lowest, highest });
  if (most !== undefined) return worst <= most ? 'met' : 'NOT MET';
  if (goal === undefined) return '';
  if (lowest >= goal) return 'met';
  return highest < goal ? 'NOT MET' : OPEN;
};

const atMost = (limit: number, { lowest, highest }: Pick<Row, 'lowest' | 'highest'>): string => {
  if (highest <= limit) return 'met';
  return lowest > limit ? 'NOT MET' : OPEN;
};

/** Shares of a floor in per cent, multiples of a peer as factors. */
const factor = (ratio: number, goal: number | undefined): string =>
  Math.max(ratio, goal ?? 0) >= 2 ? `${ratio.toFixed(1)} ×` : `${(ratio * 100).toFixed(0)} %`;

const thousands = (value: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 });

export const asText = ({ name, rows, notes }: BenchResult, environment: Environment): string => {
  const table = [columns, ...rows.map(cells)];
  const widths = columns.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  const aligned = table.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return ['', `bench:${name}`, '', ...aligned, '', ...notes.map(bullet), '', describe(environment)].join(
    '\n',
  );
};

export const asMarkdown = ({ name, rows, notes }: BenchResult, environment: Environment): string =>
  [
    `## ${name}`,
    '',
    `\`npm run bench:${name}\`: ${describe(environment)}`,
    '',
    line(columns),
    line(columns.map(() => '---')),
    ...rows.map((row) => line(cells(row))),
    '',
    ...notes.map(bullet),
  ].join('\n');

const line = (parts: readonly string[]): string => `| ${parts.join(' | ')} |`;
const bullet = (note: string): string => `- ${note}`;
const describe = ({ machine, versions, commit }: Environment): string =>
  `${machine}; ${Object.entries(versions)
    .map(([program, version]) => `${program} ${version}`)
    .join(', ')}; commit ${commit}`;

const HEAD = `# Benchmarks

Ratios are the result: each floor or peer was measured in the same run, on the same data, on the same machine.
Written by \`npm run bench -- --write\`; what is measured and how stands in \`tests/bench/\`.
`;

/** Puts a bench's section into docs/benchmarks.md, in place of the one that is there. */
export const writeDocument = (name: string, section: string): void => {
  const file = path.join(root, 'docs', 'benchmarks.md');
  const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const before = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : HEAD;
  const marked = `${begin}\n${section}\n${end}`;
  const [from, until] = [before.indexOf(begin), before.indexOf(end)];
  const after =
    from < 0 ? `${before}\n${marked}\n` : before.slice(0, from) + marked + before.slice(until + end.length);
  fs.writeFileSync(file, after);
};
