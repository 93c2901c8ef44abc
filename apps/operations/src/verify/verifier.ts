import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { type Naming, Problem, type RunId, type StreamSeq, streamSeq } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection, NatsUnavailable } from '@tallystream/jetstream';
import { CONFIG, type Config, NAMING } from '@tallystream/platform';
import { AUDIT_PROJECTION, type Database, readBalances, readCheckpoint } from '@tallystream/projection-store';
import { RebuildRuns } from '@tallystream/rebuild';
import { type Redis, readStockCache, stockCachePosition } from '@tallystream/redis';
import { runInTheWay, type VerifyScope } from '@tallystream/runs';
import type { VerifyRun } from '../runs/operation-run';
import { AUDIT_TRAIL, BALANCES, REDIS } from '../tokens';
import { Findings } from './findings';
import { LedgerFold } from './ledger-fold';
import { LevelCheck } from './level-check';
import { TrailCheck } from './trail-check';
import { type CheckResult, checkNames, type VerificationResult } from './verification-result';

const TELL_EVERY_MS = 1_000;

type Scopes = ReadonlySet<VerifyScope>;
type Looked = Pick<CheckResult, 'checked' | 'position' | 'trouble'>;

/**
 * Folds the whole ledger once, and compares every store with it at the position that the store stands at. It keeps
 * levels and documents in memory, and begins anew when it is taken up by another replica.
 */
@Injectable()
export class Verifier {
  constructor(
    @Inject(JETSTREAM) private readonly connection: JetStreamConnection,
    @Inject(NAMING) private readonly naming: Naming,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(BALANCES) private readonly balances: Database,
    @Inject(AUDIT_TRAIL) private readonly auditTrail: Database,
    @Inject(REDIS) private readonly redis: Redis,
    private readonly rebuilds: RebuildRuns,
  ) {}

  /** However it ends, nothing of it goes on. */
  async *carryOut(begun: VerifyRun, signal: AbortSignal): AsyncGenerator<VerifyRun> {
    const ended = new AbortController();
    try {
      yield* this.verify(begun, AbortSignal.any([signal, ended.signal]));
    } finally {
      ended.abort();
    }
  }

  private async *verify(begun: VerifyRun, signal: AbortSignal): AsyncGenerator<VerifyRun> {
    const scopes: Scopes = new Set(begun.parameters.scopes);
    const findings = new Findings();
    const fold = new LedgerFold(this.connection, this.naming, findings);
    const trail = scopes.has('audit-trail') ? await this.openTrail(findings, signal) : undefined;
    const expected = await fold.end();
    let run: VerifyRun = { ...begun, phase: 'folding', expected, done: 0 };
    const folding = fold.to(
      expected,
      (event, message) => trail instanceof TrailCheck && trail.see(event, message),
      signal,
    );
    for (let isFolded = false; !isFolded; ) {
      isFolded = await Promise.race([folding.then(() => true), pause(TELL_EVERY_MS, false, { ref: false })]);
      run = { ...run, done: fold.position, expected: Math.max(expected, fold.position) };
      yield run;
    }
    if (signal.aborted) return;

    run = { ...run, phase: 'comparing' };
    yield run;
    const looked = new Map<string, Looked>();
    if (scopes.has('balances')) looked.set('balances', await this.lookAtBalances(fold, findings));
    if (scopes.has('stock-cache')) looked.set('stock-cache', await this.lookAtStockCache(fold, findings));
    if (trail) looked.set('audit-trail', await this.lookAtTrail(trail, fold));
    const result = resultOf(scopes, fold, findings, looked);
    const rebuilds = run.parameters.fix ? await this.fix(result, run.requestedBy) : [];
    yield {
      ...run,
      stats: statsOf(result),
      result: { ...result, ...(run.parameters.fix ? { rebuilds } : {}) },
    };
  }

  private lookAtBalances(fold: LedgerFold, findings: Findings): Promise<Looked> {
    return unlessAway(async () => {
      const storeAt = await readCheckpoint(this.balances, 'balances');
      const check = this.levelCheck('balances', fold, storeAt, findings);
      for await (const page of readBalances(this.balances))
        for (const { level, claimed } of page) await check.take(level, claimed);
      await check.finish();
      return { checked: check.checked, position: storeAt };
    });
  }

  private lookAtStockCache(fold: LedgerFold, findings: Findings): Promise<Looked> {
    return unlessAway(async () => {
      const storeAt = await this.stockCacheAt();
      const check = this.levelCheck('stock-cache', fold, storeAt, findings);
      const salesWarehouse = this.config.SALES_WAREHOUSE_ID;
      for await (const page of readStockCache(this.redis, this.naming, salesWarehouse))
        for (const { level, claimed, unlike } of page) {
          if (claimed) await check.take(level, claimed);
          for (const what of unlike) check.tell(level, `${what} says something else than the level`);
        }
      await check.finish();
      return { checked: check.checked, position: storeAt };
    });
  }

  private async stockCacheAt(): Promise<StreamSeq> {
    const position = await stockCachePosition(this.redis, this.naming).catch((error: unknown) => {
      throw new Problem('store_unavailable', 'Redis cannot be reached', { cause: error });
    });
    if (position === undefined) throw new Problem('store_unavailable', 'the cache is being filled');
    return position;
  }

  private levelCheck(
    scope: 'balances' | 'stock-cache',
    { verification: { levels }, position: foldedTo }: LedgerFold,
    storeAt: number,
    findings: Findings,
  ): LevelCheck {
    const { connection, naming } = this;
    return new LevelCheck({ connection, naming, scope, levels, foldedTo, storeAt, findings });
  }

  private async openTrail(findings: Findings, signal: AbortSignal): Promise<TrailCheck | Problem> {
    try {
      const trailAt = await readCheckpoint(this.auditTrail, AUDIT_PROJECTION);
      return new TrailCheck(this.auditTrail, trailAt, findings, signal);
    } catch (error) {
      if (isAway(error)) return error;
      throw error;
    }
  }

  private lookAtTrail(trail: TrailCheck | Problem, fold: LedgerFold): Promise<Looked> {
    return unlessAway(async () => {
      if (trail instanceof Problem) throw trail;
      await trail.compare(this.connection, this.naming, () => fold.end());
      return { checked: trail.checked, position: trail.checked };
    });
  }

  /** The ledger itself cannot be made anew: what is broken there is for people. */
  private async fix({ checks }: VerificationResult, by: string) {
    const wrong = checks.flatMap(({ scope, broken }) => (scope !== 'ledger' && broken > 0 ? [scope] : []));
    return Promise.all(
      wrong.map(async (projection) => ({ projection, run: await this.rebuild(projection, by) })),
    );
  }

  /** Asks for a rebuild, or joins the one that is on. */
  private async rebuild(store: Exclude<VerifyScope, 'ledger'>, requestedBy: string): Promise<RunId> {
    try {
      return (await this.rebuilds.ask({ parameters: { store, dryRun: false }, requestedBy })).runId;
    } catch (error) {
      const runId = runInTheWay(error);
      if (runId === undefined) throw error;
      return runId;
    }
  }
}

const resultOf = (
  scopes: Scopes,
  fold: LedgerFold,
  findings: Findings,
  looked: ReadonlyMap<string, Looked>,
): VerificationResult => {
  const { checked } = fold.verification;
  const ledger = new Map<string, number>(Object.entries(checked));
  const checks = checkNames.flatMap((check): CheckResult[] => {
    const count = ledger.get(check);
    const scope: VerifyScope = isStore(check) ? check : 'ledger';
    if (!scopes.has(scope)) return [];
    const seen = looked.get(check) ?? { checked: count ?? 0, position: streamSeq(fold.position) };
    return [{ check, scope, ...seen, ...findings.of(check) }];
  });
  const ok = checks.every(({ broken, trouble }) => broken === 0 && trouble === undefined);
  return { ok, position: fold.position, checks };
};

const isStore = (check: CheckResult['check']): check is Extract<VerifyScope, CheckResult['check']> =>
  check === 'balances' || check === 'stock-cache' || check === 'audit-trail';

/** What is broken in all, and in each scope that could be checked: alerts read it (apps/reconciler). */
const statsOf = ({ checks }: VerificationResult): Record<string, number> => {
  const stats: Record<string, number> = { broken: 0 };
  for (const { scope, broken, trouble } of checks) {
    if (trouble !== undefined) continue;
    stats.broken = (stats.broken ?? 0) + broken;
    stats[scope] = (stats[scope] ?? 0) + broken;
  }
  return stats;
};

/** A store that is away keeps nothing from being said of the others. NATS is needed for all of it. */
const unlessAway = async (look: () => Promise<Looked>): Promise<Looked> => {
  try {
    return await look();
  } catch (error) {
    if (isAway(error)) return { checked: 0, position: 0, trouble: error.message };
    throw error;
  }
};

const isAway = (error: unknown): error is Problem =>
  error instanceof Problem && error.code === 'store_unavailable' && !(error instanceof NatsUnavailable);
