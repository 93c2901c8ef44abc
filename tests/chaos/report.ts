import type { ChaosResult } from './chaos';
import { inWords } from './plan';

/** What docs demand of a run; whether it was met decides the exit code. */
const MOST_SECONDS = 10;

export type Row = Readonly<{ what: string; figure: string; goal: string; isMet: boolean }>;

export const rowsOf = (result: ChaosResult): readonly Row[] => {
  const { injected, accepted, events, lost, doubled, wrong, needless, dead, ended } = result;
  const longest = injected.reduce((most, { recovery }) => Math.max(most, recovery.ready), 0);
  const said = (what: string, figure: number): Row => ({
    what,
    figure: figure.toLocaleString('en-US'),
    goal: '',
    isMet: true,
  });
  const none = (what: string, found: readonly string[]): Row => ({
    ...said(what, found.length),
    goal: '0',
    isMet: found.length === 0,
  });
  return [
    said('faults injected', injected.length),
    said('webhooks accepted', accepted),
    said('events', events),
    none('lost', lost),
    none('doubled', doubled),
    none('wrong levels', wrong),
    none('corrected needlessly', needless),
    none('set aside as dead', dead),
    none('programs that ended by themselves', ended),
    {
      what: 'longest recovery',
      figure: `${longest.toFixed(1)} s`,
      goal: `≤ ${MOST_SECONDS} s`,
      isMet: longest <= MOST_SECONDS,
    },
  ];
};

export const isMet = (result: ChaosResult): boolean => rowsOf(result).every((row) => row.isMet);

const FINDINGS = 20;
const SLOWEST = 5;

/** @param command what does the same once more */
export const asText = (result: ChaosResult, command: string): string => {
  const rows = rowsOf(result);
  const width = Math.max(...rows.map(({ what }) => what.length));
  const lines = rows.map(({ what, figure, goal, isMet }) =>
    [what.padEnd(width), figure.padStart(9), goal.padEnd(7), goal && (isMet ? 'met' : 'NOT MET')]
      .join('  ')
      .trimEnd(),
  );
  const slowest = [...result.injected]
    .sort((a, b) => b.recovery.ready - a.recovery.ready)
    .slice(0, SLOWEST)
    .map(({ fault, recovery }) => `- ${recovery.ready.toFixed(1)} s after ${inWords(fault)}`);
  const { lost, doubled, wrong, needless, dead, ended } = result;
  const found = Object.entries({ lost, doubled, wrong, needless, dead, ended }).flatMap(([name, all]) =>
    all.slice(0, FINDINGS).map((one) => `- ${name}: ${one}`),
  );
  return [
    '',
    `chaos of seed ${result.seed}, ${(result.seconds / 60).toFixed(1)} minutes: ${command}`,
    '',
    ...lines,
    '',
    'slowest recoveries:',
    ...slowest,
    ...(found.length > 0 ? ['', 'found:', ...found] : []),
    '',
  ].join('\n');
};
