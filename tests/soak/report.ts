import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from '../../deploy/local/checkout';
import type { Environment } from '../bench/environment';
import { chart } from './chart';
import type { Sample, Series } from './sample';
import type { SoakResult } from './soak';
import { judged } from './verdict';

type Shown = Readonly<{
  series: Series;
  what: string;
  unit: string;
  /** What it may always grow by; absent: it is shown, and not judged. */
  slack?: number;
}>;

const shown: readonly Shown[] = [
  { series: 'resident', what: 'memory of the process', unit: 'MiB', slack: 24 },
  { series: 'heap', what: 'of which objects of JavaScript', unit: 'MiB', slack: 24 },
  { series: 'handles', what: 'file handles', unit: '', slack: 4 },
  { series: 'connections', what: 'connections', unit: '', slack: 4 },
  { series: 'consumers', what: 'consumers on NATS', unit: '', slack: 1 },
  { series: 'backlog', what: 'webhooks that wait', unit: '', slack: 20 },
  { series: 'answered', what: 'webhook answered, p99', unit: 'ms', slack: 10 },
  { series: 'visible', what: 'webhook visible in the slowest store, mean', unit: 'ms', slack: 25 },
  { series: 'cores', what: 'cores busy with the process', unit: '' },
  { series: 'machineCores', what: 'cores busy with anything', unit: '' },
  { series: 'natsResident', what: 'memory of nats-server', unit: 'MiB' },
];

export type Finding = Shown & Readonly<{ early: number; late: number; isFlat?: boolean }>;

export const findingsOf = (samples: readonly Sample[]): readonly Finding[] =>
  shown.map((one) => {
    const { series, slack } = one;
    const values = samples.map((sample) => sample[series]);
    const { isFlat, ...medians } = judged(values, slack ?? 0);
    return { ...one, ...medians, ...(slack === undefined ? {} : { isFlat }) };
  });

export type Told = SoakResult &
  Readonly<{ minutes: number; rate: number; where: Environment; findings: readonly Finding[] }>;

const columns = ['what', 'second quarter', 'last quarter', 'verdict'] as const;

const cells = ({ what, unit, early, late, isFlat }: Finding): readonly string[] => {
  const figure = (value: number) => `${value.toFixed(value < 100 ? 1 : 0)} ${unit}`.trim();
  return [what, figure(early), figure(late), isFlat === undefined ? '' : isFlat ? 'flat' : 'NOT FLAT'];
};

const HOW =
  'Flat is a series whose median over the last quarter of the run is at most a fifth, or a small amount, above that of the second quarter: the first one belongs to compiling and to filling caches.';

/** Before that, code is still being compiled and caches are filled. */
const LEAST_MINUTES = 10;

const verdict = ({ minutes, findings }: Told): string => {
  if (minutes < LEAST_MINUTES) return 'Too short a run to tell';
  return findings.every(({ isFlat }) => isFlat !== false) ? 'Flat' : 'Not flat';
};

/** Nothing that waits for its turn is quick. */
const CROWDED = 0.9;

const crowding = ({ findings }: Told): readonly string[] => {
  const late = (series: Series) => findings.find((finding) => finding.series === series)?.late ?? 0;
  const busy = late('machineCores');
  if (busy < os.cpus().length * CROWDED) return [];
  return [
    `In the last quarter ${busy.toFixed(1)} of ${os.cpus().length} cores were busy, ${late('cores').toFixed(1)} of them with the process: how long a webhook took says more of the machine than of Tallystream.`,
    '',
  ];
};

const command = ({ minutes, rate }: Told): string => `npm run soak -- --minutes ${minutes} --rate ${rate}`;

const summary = (told: Told): string =>
  `\`${command(told)}\`: ${told.webhooks.toLocaleString('en-US')} webhooks, ${told.events.toLocaleString('en-US')} events; ${told.where.machine}; ${Object.entries(
    told.where.versions,
  )
    .map(([program, version]) => `${program} ${version}`)
    .join(', ')}; commit ${told.where.commit}`;

export const asText = (told: Told): string => {
  const table = [columns, ...told.findings.map(cells)];
  const widths = columns.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  const lines = table.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return ['', ...lines, '', HOW, '', ...crowding(told), summary(told)].join('\n');
};

/** docs/soak.md, and a chart of each series beside it. */
export const writeDocument = (told: Told): void => {
  const folder = path.join(root, 'docs', 'soak');
  fs.mkdirSync(folder, { recursive: true });
  for (const { series, what, unit } of told.findings) {
    const points = told.samples.map((sample) => ({ x: sample.minute, y: sample[series] }));
    fs.writeFileSync(path.join(folder, `${series}.svg`), chart(unit ? `${what}, ${unit}` : what, points));
  }
  const row = (parts: readonly string[]) => `| ${parts.join(' | ')} |`;
  const text = [
    '# Soak',
    '',
    'Written by `npm run soak -- --write`: webhooks on schedule into the whole of Tallystream in one process, NATS with',
    '`sync_interval: always`, a look from outside every few seconds. At the end every webhook has its events in the',
    'ledger, the newest are whole in the audit trail, and the stores agree on every level; else there are no figures.',
    '',
    `**${verdict(told)}** after ${told.minutes} minutes at ${told.rate} webhooks a second. ${HOW}`,
    '',
    row(columns),
    row(columns.map(() => '---')),
    ...told.findings.map((finding) => row(cells(finding))),
    '',
    ...crowding(told),
    summary(told),
    '',
    ...told.findings.map(({ series, what }) => `![${what}](soak/${series}.svg)`),
    '',
  ];
  fs.writeFileSync(path.join(root, 'docs', 'soak.md'), text.join('\n'));
};
