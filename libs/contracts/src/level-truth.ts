import type { ReadLevel } from './for-sale';
import type { LevelRef } from './ids';
import type { Instant } from './instant';

/** What a store must show of a level: what its newest event says. */
export type LevelTruth = ReadLevel & Readonly<{ revision: number; seq: number; baselineAsOf?: Instant }>;

/** What a store says of a level, by which event. */
export type LevelClaim = Readonly<{ level: LevelRef; claimed: LevelTruth }>;
