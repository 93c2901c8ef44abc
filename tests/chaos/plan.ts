import type { Random } from '../random';

/** Something that goes wrong. Milliseconds are those that it lasts. */
export type Fault = Readonly<
  | { kind: 'kill' | 'pause'; target: string; ms: number }
  | { kind: 'cut'; target: string; times: number }
  | { kind: 'slow'; target: string; ms: number; delayMs: number }
  | { kind: 'silence'; target: string; ms: number }
  /** A server of a cluster hears nobody, neither the others nor us. */
  | { kind: 'isolate'; target: string; ms: number }
  /** Another server of a cluster leads a stream or a consumer from now on. */
  | { kind: 'stepdown'; target: string; times: number }
  /** Nothing is handled for a while, and much comes in. */
  | { kind: 'fill'; target: 'translator'; ms: number; webhooks: number }
  /** What was sent of late is sent again, every version of it. */
  | { kind: 'resend'; target: 'simulator'; seconds: number }
>;

export type Targets = Readonly<{
  /** Servers, apps and the simulator. */
  processes: readonly string[];
  lines: readonly string[];
  /** The servers of a cluster, and what they elect leaders of. */
  members: readonly string[];
  led: readonly string[];
}>;

/**
 * Faults without end, the same ones from the same seed: in each round every process is killed and paused, every line has
 * one trouble, every server of a cluster is isolated, each of its leaders has to go, and the rest happens once, in
 * random order.
 */
export function* faultsFrom(
  random: Random,
  { processes, lines, members, led }: Targets,
): Generator<Fault, never> {
  const between = (least: number, most: number) => least + random.below(most - least + 1);
  const killed = (target: string): Fault => ({ kind: 'kill', target, ms: between(0, 2_000) });
  const paused = (target: string): Fault => ({ kind: 'pause', target, ms: between(500, 8_000) });
  const isolated = (target: string): Fault => ({ kind: 'isolate', target, ms: between(500, 8_000) });
  const unseated = (target: string): Fault => ({ kind: 'stepdown', target, times: between(1, 5) });
  const troubled = (target: string): Fault =>
    random.pick<() => Fault>([
      () => ({ kind: 'cut', target, times: between(1, 5) }),
      () => ({ kind: 'slow', target, ms: between(1_000, 4_000), delayMs: between(20, 400) }),
      () => ({ kind: 'silence', target, ms: between(1_000, 12_000) }),
    ])();
  for (;;)
    yield* random.shuffled<Fault>([
      ...processes.map(killed),
      ...processes.map(paused),
      ...lines.map(troubled),
      ...members.map(isolated),
      ...led.map(unseated),
      { kind: 'fill', target: 'translator', ms: between(1_000, 4_000), webhooks: between(200, 600) },
      { kind: 'resend', target: 'simulator', seconds: between(10, 60) },
    ]);
}

export const inWords = (fault: Fault): string => {
  const { kind, target, ...how } = fault;
  const numbers = Object.entries(how).map(([name, value]) => `${name} ${value}`);
  return `${kind} ${target} (${numbers.join(', ')})`;
};
