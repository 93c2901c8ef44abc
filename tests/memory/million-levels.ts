import { touchLevels } from './measure';

// npm run test:memory: what a ledger with the translator's settings holds after a million levels.

const LEVELS = 1_000_000;
const LINES_EACH = 200;
const LIMIT_MIB = 300;

const main = async (): Promise<number> => {
  const documents = LEVELS / LINES_EACH;
  const cases = { 'levels of their own': 'fresh', 'the same levels': 'same' } as const;
  let isWithin = true;
  for (const [what, levels] of Object.entries(cases)) {
    const { events, peakMiB, heapMiB } = await touchLevels({ documents, linesEach: LINES_EACH, levels });
    if (events !== documents + LEVELS) throw new Error(`${events} events instead of ${documents + LEVELS}`);
    isWithin &&= peakMiB < LIMIT_MIB;
    process.stdout.write(
      `${documents} documents of ${LINES_EACH} lines, ${what}: at most ${peakMiB.toFixed(0)} MiB of ${LIMIT_MIB}; ` +
        `in use after each tenth: ${heapMiB.map((mib) => mib.toFixed(0)).join(', ')} MiB\n`,
    );
  }
  return isWithin ? 0 : 1;
};

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
