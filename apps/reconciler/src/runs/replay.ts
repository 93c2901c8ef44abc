import { createHash } from 'node:crypto';
import type { RunId } from '@tallystream/contracts';
import { type JudgedLevel, judgeItems } from '../observations/judge-items';
import type { JudgeNowParts } from '../observations/observe-items';
import { snapshotsAfter } from '../observations/snapshots';
import { addStats, type Run } from './run';

const PER_PAGE = 200;

/**
 * Judges once more what Zoho said in another run, by the snapshots that were kept of it; Zoho is not asked.
 * What differs is judged as it stands: there is nothing in flight in a snapshot, and no document to look for.
 * The same snapshots and the same ledger give the same verdicts, of which the run keeps a digest.
 */
export async function* replay(parts: JudgeNowParts, begun: Run, of: RunId): AsyncGenerator<Run> {
  let run: Run = { ...begun, phase: 'items' };
  for (;;) {
    // Of a replay, the page is a position in the stream of snapshots.
    const page = await snapshotsAfter(parts, of, { after: run.nextPage - 1, max: PER_PAGE });
    const last = page.at(-1);
    if (!last) return;
    const said = page.map((snapshot) => snapshot.said);
    const judged = await judgeItems(parts, said, {
      runId: of,
      cause: { kind: 'replay', id: run.runId, actor: 'reconciler' },
      bySweep: true,
      inDoubt: new Set(),
      lookedUp: [],
      dryRun: run.parameters.dryRun,
    });
    run = {
      ...run,
      nextPage: last.seq + 1,
      verdictsDigest: digestOf(run.verdictsDigest, judged.verdicts),
      driftFound: run.driftFound + judged.corrected + judged.held,
      stats: addStats(run.stats, {
        processed: page.length,
        successful: page.length - judged.failures.length,
        failed: judged.failures.length,
        stockUpdated: judged.changedItems.length,
        levels: judged.levels,
        levelsChanged: judged.levelsChanged,
        equal: judged.equal,
        different: judged.different,
        undecided: judged.undecided,
        corrected: judged.corrected,
        held: judged.held,
      }),
      failures: [...run.failures, ...judged.failures].slice(0, 20),
    };
    yield run;
  }
}

/** Over every verdict with all that it would write, but for the run that asked. */
const digestOf = (before: string | undefined, verdicts: readonly JudgedLevel[]): string =>
  createHash('sha256')
    .update(before ?? '')
    .update(JSON.stringify(verdicts, (name, value: unknown) => (name === 'cause' ? undefined : value)))
    .digest('hex');
