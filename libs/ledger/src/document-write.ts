import type { Cause, LevelRef, Naming } from '@tallystream/contracts';
import {
  type DocumentDecision,
  decideDocument,
  type StockDocument,
  touchedLevels,
} from '@tallystream/domain';
import type { Write } from './group-commit';
import type { Need } from './ledger-view';

export const documentWrite = (
  document: StockDocument,
  cause: Cause,
  naming: Naming,
  settings: Readonly<{ trustMarginMs: number }>,
): Write<DocumentDecision> => {
  const itself = naming.documentSubject(document.type, document.id);
  const statesOf = (levels: readonly LevelRef[]): readonly Need[] =>
    [...new Set(levels.map(naming.levelSubject))].map((subject) => ({ kind: 'state', subject }));
  const own: readonly Need[] = [{ kind: 'state', subject: itself }, ...statesOf(touchedLevels(document))];
  return {
    size: own.length,
    // The version applied before may name further levels.
    needs: (view) => {
      const applied = view.document(itself);
      return applied ? [...own, ...statesOf(applied.lines)] : own;
    },
    decide: (view) => {
      const levelAt = (ref: LevelRef) => view.level(naming.levelSubject(ref));
      const decision = decideDocument(view.document(itself), levelAt, { document, cause }, settings);
      return { events: decision.events, result: decision };
    },
  };
};
