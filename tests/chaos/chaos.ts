import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { type Random, randomFrom } from '../random';
import { type House, type Layout, openHouse } from './house';
import { inject } from './inject';
import { type Judgement, judge } from './judgement';
import { startLoad } from './load';
import { type Fault, faultsFrom, inWords } from './plan';
import { untilQuiet } from './quiet';
import { led, openWitness, type Recovery, type Witness } from './witness';

export type ChaosOptions = Readonly<{
  seed: number;
  layout: Layout;
  cluster?: boolean;
  /** Of all faults, only those whose description fits. */
  only?: RegExp;
  /** Whichever comes first. */
  until: Readonly<{ minutes?: number; faults?: number }>;
  /** Transactions in the simulated Zoho. */
  perSecond: number;
  dataDir: string;
  logDir: string;
  say: (line: string) => void;
  stopped?: AbortSignal;
}>;

export type Injected = Readonly<{ fault: Fault; recovery: Recovery }>;

export type ChaosResult = Judgement &
  Readonly<{
    seed: number;
    seconds: number;
    injected: readonly Injected[];
    /** How often a webhook was answered with 202. */
    accepted: number;
    /** Other answers, by status. */
    refused: Readonly<Record<string, number>>;
    /** Programs that ended though nobody killed them. */
    ended: readonly string[];
  }>;

/** Load and faults, one after the other; then quiet, and a judgement of what is left. */
export const chaos = async (options: ChaosOptions): Promise<ChaosResult> => {
  const { seed, say } = options;
  const random = randomFrom(seed);
  const house = await openHouse({ ...options, seed });
  const witness = await openWitness(house);
  try {
    const load = startLoad(house, options);
    const began = performance.now();
    await witness.untilWhole(began);
    say(`all is up; faults from seed ${seed}`);
    const injected = await disturbed(house, witness, random, options);
    const seconds = (performance.now() - began) / 1_000;
    await load.stop();
    say('quiet');
    const open = await untilQuiet(house, witness);
    const judgement = await judge(house, witness, house.front.accepted());
    return {
      ...judgement,
      wrong: [...open, ...judgement.wrong],
      seed,
      seconds,
      injected,
      accepted: house.front.accepted().length,
      refused: house.front.refused(),
      ended: house.programs.flatMap(({ name, endedByItself }) =>
        endedByItself().map((said) => `${name}, which said last:\n${said}`),
      ),
    };
  } finally {
    await witness.close();
    await house.close();
  }
};

const disturbed = async (
  house: House,
  witness: Witness,
  random: Random,
  { until, only, say, stopped }: ChaosOptions,
): Promise<readonly Injected[]> => {
  const end = performance.now() + (until.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
  const targets = {
    processes: house.victims.map(({ name }) => name),
    lines: house.lines.map(({ name }) => name),
    members: house.members,
    led: house.members.length > 0 ? led : [],
  };
  const injected: Injected[] = [];
  for (const fault of faultsFrom(random, targets)) {
    const isEnough = injected.length >= (until.faults ?? Number.POSITIVE_INFINITY);
    if (isEnough || performance.now() > end || stopped?.aborted) break;
    if (only && !only.test(inWords(fault))) {
      // One that fits nothing must not keep anybody from stopping us.
      await turn();
      continue;
    }
    await inject(house, witness, fault);
    const recovery = await witness.untilWhole(performance.now());
    injected.push({ fault, recovery });
    const { accepting, handling, projecting, ready } = recovery;
    say(
      `${injected.length}. ${inWords(fault)}: accepts after ${accepting} s, handles ${handling} s, projects ${projecting} s, ready ${ready} s`,
    );
    await pause(random.below(LULL_MS));
  }
  return injected;
};

/** At most so long nothing goes wrong. */
const LULL_MS = 1_000;
