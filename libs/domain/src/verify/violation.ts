import type { LevelRef } from '@tallystream/contracts';

/**
 * What must hold of every ledger:
 * `levels`: per level, revisions are 1 … n without gap, and each balance is the one before and the delta;
 * `documents`: per document, versions rise, and each is applied once;
 * `effects`: the sum of a document's deltas is its last effect, less what was absorbed;
 * `transfers`: a transfer moves, never creates.
 */
export const invariants = ['levels', 'documents', 'effects', 'transfers'] as const;
export type Invariant = (typeof invariants)[number];

/** Something that must never be, named to the level and the sequence. */
export type Violation<Check extends string = Invariant> = Readonly<{
  check: Check;
  /** In one line. */
  what: string;
  /** Of the event that shows it; absent when there is none. */
  seq?: number;
  level?: LevelRef;
  /** `<type>:<id>` */
  document?: string;
}>;

export type Report = (violation: Violation) => void;
