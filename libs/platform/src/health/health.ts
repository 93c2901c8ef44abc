import { Injectable } from '@nestjs/common';

/**
 * `degraded` serves what it can; only `down` makes the process not ready. `since` is ISO 8601.
 */
export type PartHealth = Readonly<{
  status: 'up' | 'degraded' | 'down';
  detail?: string;
  dependencies?: Readonly<Record<string, DependencyHealth>>;
}>;

export type DependencyHealth = Readonly<{
  status: 'up' | 'down';
  latencyMs?: number;
  since?: string;
  error?: string;
}>;

type Check = () => Promise<PartHealth>;

/** The parts of the process, each of which says itself how it is. */
@Injectable()
export class Health {
  private readonly parts = new Map<string, Check>();

  register(part: string, check: Check): void {
    this.parts.set(part, check);
  }

  async check(): Promise<Readonly<{ ready: boolean; parts: Readonly<Record<string, PartHealth>> }>> {
    const entries = await Promise.all(
      [...this.parts].map(
        async ([part, check]): Promise<[string, PartHealth]> => [part, await answerOf(check)],
      ),
    );
    return {
      ready: entries.every(([, { status }]) => status !== 'down'),
      parts: Object.fromEntries(entries),
    };
  }
}

const PROBE_TIMEOUT_MS = 1_000;

/** Asks a server whether it is there, for at most a second. Remembers since when the answer is what it is. */
export const probe = (ask: () => Promise<unknown>): (() => Promise<DependencyHealth>) => {
  let last: Readonly<{ status: 'up' | 'down'; since: string }> | undefined;
  const seen = (status: 'up' | 'down') => {
    if (last?.status !== status) last = { status, since: new Date().toISOString() };
    return last;
  };
  return async () => {
    const began = performance.now();
    try {
      await withTimeout(ask(), PROBE_TIMEOUT_MS);
      return { ...seen('up'), latencyMs: Math.round((performance.now() - began) * 10) / 10 };
    } catch (error) {
      return { ...seen('down'), error: error instanceof Error ? error.message : String(error) };
    }
  };
};

const answerOf = async (check: Check): Promise<PartHealth> => {
  try {
    return await check();
  } catch (error) {
    return { status: 'down', detail: error instanceof Error ? error.message : String(error) };
  }
};

const withTimeout = async (work: Promise<unknown>, millis: number): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${millis} ms`)), millis);
  });
  try {
    await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
};
