import type { Delta, LevelEventInShort, RunId, Side, StockEvent } from '@tallystream/contracts';
import type { Level } from '../level/level';
import type { LevelMove, Observation } from '../observation/decide-observation';

/** How much may be set right without asking anybody. */
export type DriftThresholds = Readonly<{ autoMaxUnits: number; autoMaxPercent: number }>;

export type DriftPolicy = Readonly<{
  thresholds: DriftThresholds;
  /** A later sweep that sees the same may decide what is held … */
  confirm: boolean;
  /** … when it comes at least this much later, in milliseconds. */
  confirmAfterMs: number;
  /** Sides that the organisation keeps: of the others, Zoho's numbers are taken as they are. */
  sides: readonly Side[];
  trustMarginMs: number;
}>;

/** What was known when an observation was judged: all that a verdict depends on. */
export type DriftCase = Readonly<{
  level: Level;
  /** What documents did to the level around `asOf` and after. */
  moves: readonly LevelMove[];
  observation: Observation;
  /** What is still on its way for the item, in words; nothing when nothing is. */
  inFlight?: string;
  /** A document left the number open, and this observation was asked for to tell. */
  inDoubt: boolean;
  /** Documents that were missed have been looked for; those found, as `<type>:<id>`. */
  lookedUp?: readonly string[];
  /** Whether a sweep saw it, which may confirm what is held. */
  bySweep: boolean;
  runId: RunId;
  lastEvents: readonly LevelEventInShort[];
}>;

export type Verdict = Readonly<{
  kind: /** Older than what the level was set to: says nothing. */
    | 'outdated'
    | 'agree'
    /** The first observation, one that was to tell, or a side that nobody keeps: Zoho's number holds. */
    | 'set'
    /** Something in flight may explain it: nothing is judged. */
    | 'look-again'
    /** Nothing in flight explains it: documents that were missed may. */
    | 'search'
    | 'corrected'
    | 'held';
  /** Why to look again, in words. */
  because?: string;
  /** Zoho's number less ours, and less what is tolerated. */
  difference: Delta;
  /** To be committed together, with the level as it was judged. */
  events: readonly StockEvent[];
}>;
