import { createHash } from 'node:crypto';
import {
  type AppliedLine,
  type AppliedOutcome,
  type Cause,
  type Delta,
  type DocumentApplied,
  type DocumentRef,
  difference,
  type Instant,
  type ItemId,
  isNoChange,
  type LevelRef,
  levelKey,
  millisOf,
  quantityNames,
  type StockEvent,
  type Treatment,
} from '@tallystream/contracts';
import { type Level, moveLevel, unknownLevel } from '../level/level';
import { effectOf, type LevelEffect, reasonOf, touchedLevels } from './document-effects';
import type { Line, StockDocument } from './stock-document';
import { treatmentOf } from './trust';

/** The state of a document in the ledger: the newest version that was taken into account, if any. */
export type AppliedDocument = DocumentApplied | undefined;

export type DocumentDecision = Readonly<{
  /** `stale`: this version, or a later one, is in the ledger already. */
  outcome: AppliedOutcome | 'stale';
  /** How each level took the version; of a stale one, nothing. */
  lines: readonly AppliedLine[];
  /** To be committed together: all or none. */
  events: readonly StockEvent[];
  /** Items whose number only an observation can settle. */
  observe: readonly ItemId[];
}>;

export type DocumentSettings = Readonly<{
  /** How far apart two times of Zoho must be to be told apart. */
  trustMarginMs: number;
}>;

/** Applying a document means applying `effect(new) − effect(applied)`, where that delta may be trusted. */
export const decideDocument = (
  applied: AppliedDocument,
  levelAt: (ref: LevelRef) => Level | undefined,
  { document, cause }: Readonly<{ document: StockDocument; cause: Cause }>,
  { trustMarginMs }: DocumentSettings,
): DocumentDecision => {
  if (applied && isSameMessage(applied, document, cause)) {
    // We are handling the same message again, after a crash between commit and ack: what it asked to be
    // looked at may never have been asked for.
    return {
      outcome: applied.outcome,
      lines: applied.lines,
      events: [],
      observe: uniqueItems(applied.lines),
    };
  }
  const effect = effectOf(document);
  const effectHash = hashOf(effect);
  if (applied && !isNewer(document, effectHash, applied)) {
    return { outcome: 'stale', lines: [], events: [], observe: itemsMissed(applied, document) };
  }

  const version = versionOf(document, applied);
  const ref = documentRef(document, version);
  const treat = treatmentBy(document, applied, trustMarginMs);
  const why = { reason: reasonOf(document), document: ref, cause, occurredAt: version };
  // An earlier version may have moved what this one only names.
  const hasUnseenVersions = !applied && document.createdAt !== document.modifiedAt;
  const lines: AppliedLine[] = [];
  const moves: StockEvent[] = [];
  for (const { line, from, to, isRemembered } of changes(applied, document, effect)) {
    const level = levelAt(line) ?? unknownLevel;
    const wanted = difference(to, from);
    // A first version that changes nothing may still follow one that did, inside the baseline.
    const treatment = applied && isNoChange(wanted) ? 'delta' : treat(level);
    const isNews = !isNoChange(to) || isRemembered || hasUnseenVersions;
    if (treatment === 'delta' && !isNews) continue;
    const delta = treatment === 'delta' ? wanted : {};
    lines.push({ effect: to, delta, treatment, ...line });
    const move = moveLevel(level, delta, line, why);
    if (move) moves.push({ type: 'StockChanged', data: move });
  }

  const outcome = outcomeOf(lines);
  const record: DocumentApplied = {
    document: ref,
    status: document.status,
    deleted: document.deleted,
    outcome,
    effectHash,
    lines,
    cause,
    occurredAt: version,
  };
  return {
    outcome,
    lines,
    events: [{ type: 'DocumentApplied', data: record }, ...moves],
    observe: isTimeKnown(document, applied) ? itemsInDoubt(lines) : uniqueItems(lines),
  };
};

function isSameMessage(applied: DocumentApplied, document: StockDocument, cause: Cause): boolean {
  const sameVersion = millisOf(applied.document.version) >= millisOf(document.modifiedAt);
  return sameVersion && applied.cause.kind === cause.kind && applied.cause.id === cause.id;
}

/** A deletion is final; otherwise the later second wins, and within one second other content is newer. */
function isNewer(document: StockDocument, effectHash: string, applied: DocumentApplied): boolean {
  if (applied.deleted) return false;
  if (document.deleted) return true;
  const ours = millisOf(applied.document.version);
  const theirs = millisOf(document.modifiedAt);
  return theirs > ours || (theirs === ours && effectHash !== applied.effectHash);
}

/**
 * Whether Zoho said to the second when the change happened, and which of two versions came first. If not, an
 * observation taken about then may hold the change or not, and no rule on its time can tell.
 */
function isTimeKnown(
  { deleted, modifiedAt, modifiedUntil }: StockDocument,
  applied: AppliedDocument,
): boolean {
  if (deleted || modifiedUntil) return false;
  return applied === undefined || millisOf(applied.document.version) !== millisOf(modifiedAt);
}

/** Versions never fall: a deletion may carry the time of the version it deletes. */
function versionOf(document: StockDocument, applied: AppliedDocument): Instant {
  const before = applied?.document.version;
  return before && millisOf(before) > millisOf(document.modifiedAt) ? before : document.modifiedAt;
}

function documentRef(document: StockDocument, version: Instant): DocumentRef {
  return {
    type: document.type,
    id: document.id,
    version,
    ...(document.number ? { number: document.number } : {}),
    ...(document.createdAt ? { createdAt: document.createdAt } : {}),
  };
}

function treatmentBy(
  document: StockDocument,
  applied: AppliedDocument,
  marginMs: number,
): (level: Level) => Treatment {
  const question = {
    appliedBefore: applied !== undefined,
    marginMs,
    ...changeSpan(document, applied),
    ...(document.createdAt ? { createdAt: document.createdAt } : {}),
  };
  return ({ baselineAsOf }) => treatmentOf(baselineAsOf ? { baselineAsOf, ...question } : question);
}

/** A deletion happened at some moment after the version it deletes: its own time is not in the payload. */
function changeSpan(document: StockDocument, applied: AppliedDocument) {
  const { modifiedAt, modifiedUntil } = document;
  if (!document.deleted) return { changedFrom: modifiedAt, changedUntil: modifiedUntil ?? modifiedAt };
  const before = applied?.document.version ?? modifiedAt;
  const changedFrom = millisOf(before) < millisOf(modifiedAt) ? before : modifiedAt;
  return { changedFrom, changedUntil: 'unbounded' as const };
}

type LevelChange = { line: Line; from: Delta; to: Delta; isRemembered: boolean };

const NOTHING: Delta = {};

/**
 * Per level, the effect applied before and the effect wanted now, sorted by level. A document remembers every
 * level that it ever moved, so that a late version can put them all in doubt.
 */
function changes(
  applied: AppliedDocument,
  document: StockDocument,
  effect: readonly LevelEffect[],
): readonly LevelChange[] {
  const byLevel = new Map<string, LevelChange>();
  const changeOf = (line: Line): LevelChange => {
    const key = levelKey(line);
    const known = byLevel.get(key);
    if (known) return known;
    const change = { line, from: NOTHING, to: NOTHING, isRemembered: false };
    byLevel.set(key, change);
    return change;
  };
  for (const line of touchedLevels(document)) changeOf(line).line = line;
  for (const { itemId, warehouseId, sku, effect: from } of applied?.lines ?? []) {
    const change = changeOf({ itemId, warehouseId, ...(sku ? { sku } : {}) });
    change.from = from;
    change.isRemembered = true;
  }
  for (const { delta, ...line } of effect) {
    const change = changeOf(line);
    change.to = delta;
    change.line = line;
  }
  return [...byLevel.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, change]) => change);
}

/**
 * A late version tells that one was missing when a later one was taken in. An observation in between may
 * hold it, and then the later one's delta was counted from the wrong version.
 */
function itemsMissed(applied: DocumentApplied, document: StockDocument): readonly ItemId[] {
  const isLate = millisOf(document.modifiedAt) < millisOf(applied.document.version);
  const cameAfterDeletion = applied.deleted && !document.deleted;
  return isLate || cameAfterDeletion ? uniqueItems([...touchedLevels(document), ...applied.lines]) : [];
}

/** The document as a whole: what moved decides, then what is in doubt, then what was absorbed. */
function outcomeOf(lines: readonly AppliedLine[]): AppliedOutcome {
  const has = (...wanted: readonly AppliedLine['treatment'][]) =>
    lines.some((line) => wanted.includes(line.treatment));
  if (lines.length === 0 || has('delta')) return 'applied';
  return has('unknown-history', 'undecidable') ? 'unknown-history' : 'absorbed';
}

function itemsInDoubt(lines: readonly AppliedLine[]): readonly ItemId[] {
  return uniqueItems(
    lines.filter(({ treatment }) => treatment === 'unknown-history' || treatment === 'undecidable'),
  );
}

function uniqueItems(lines: readonly LevelRef[]): readonly ItemId[] {
  return [...new Set(lines.map(({ itemId }) => itemId))];
}

function hashOf(effect: readonly LevelEffect[]): string {
  const canonical = effect.map((line) => [
    levelKey(line),
    quantityNames.map((name) => line.delta[name] ?? 0),
  ]);
  return createHash('sha256').update(JSON.stringify(canonical)).digest('hex').slice(0, 32);
}
