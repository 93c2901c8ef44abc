/** One line of a bench's table: what we do, beside a floor or a peer measured in the same run. */
export type Row = Readonly<{
  what: string;
  unit: string;
  /** Medians over the rounds. */
  figure: number;
  floor: string;
  floorFigure: number;
  /** Median of the rounds' own ratios, and the outermost of them. */
  ratio: number;
  lowest: number;
  highest: number;
  /** The least ratio that is good enough; absent where a row only explains another. */
  goal?: number;
  /** The most that the ratio may be, where less is better. */
  limit?: number;
  /** The most that every round may take, in the row's unit, where that is the goal. */
  most?: number;
  /** The round that took most. */
  worst: number;
}>;

export type BenchResult = Readonly<{
  name: string;
  rows: readonly Row[];
  /** What one must know to read the table. */
  notes: readonly string[];
  /** Of the servers that took part. */
  versions: Readonly<Record<string, string>>;
}>;

export type BenchSettings = Readonly<{
  rounds: number;
  /** For servers; removed afterwards. */
  dataDir: string;
  say: (progress: string) => void;
  /** How many events, for benches that can be told. */
  events?: number;
  /** Where CPU profiles are to be left. */
  profiles?: string;
}>;

export type Bench = (settings: BenchSettings) => Promise<Omit<BenchResult, 'name'>>;

/** Something was lost, doubled or refused on the way: whatever was measured, it was not the work. */
export class VoidRun extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'VoidRun';
  }
}

export type Contenders<T> = Readonly<Record<string, (round: number) => Promise<T>>>;

/** Each contender once to warm up, then all of them round after round, so that none has the quiet hour. */
export const interleaved = async <T>(
  contenders: Contenders<T>,
  { rounds, say }: Pick<BenchSettings, 'rounds' | 'say'>,
): Promise<(name: string) => readonly T[]> => {
  const measured = new Map<string, T[]>(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, run] of Object.entries(contenders)) {
      const result = await run(round);
      if (round > 0) measured.get(name)?.push(result);
    }
    say(round === 0 ? '  warmed up' : `  round ${round} of ${rounds}`);
  }
  return (name) => {
    const results = measured.get(name);
    if (!results) throw new Error(`no contender "${name}"`);
    return results;
  };
};

export const compare = (
  row: Pick<Row, 'what' | 'unit' | 'floor' | 'goal' | 'limit' | 'most'>,
  figures: readonly number[],
  floors: readonly number[],
): Row => {
  const ratios = figures.map((figure, round) => figure / (floors[round] ?? Number.NaN));
  return {
    ...row,
    figure: median(figures),
    floorFigure: median(floors),
    ratio: median(ratios),
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
    worst: Math.max(...figures),
  };
};

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** @param share between 0 and 1 */
export const quantile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(place)] ?? Number.NaN, sorted[Math.ceil(place)] ?? Number.NaN];
  return below + (above - below) * (place - Math.floor(place));
};
