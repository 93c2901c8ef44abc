import type { Cause } from '@tallystream/contracts';
import { type DocumentDecision, decideDocument, levelsOf, type StockDocument } from '@tallystream/domain';
import type { Write } from './group-commit';
import type { Need } from './ledger-view';

export const documentWrite = (
  document: StockDocument,
  cause: Cause,
  settings: Readonly<{ trustMarginMs: number }>,
): Write<DocumentDecision> => {
  const itself: Need = { kind: 'document', type: document.type, id: document.id };
  return {
    // Which levels there are to load depends on the version applied before: first the document, then they.
    needs: (view) =>
      view.isLoaded(itself)
        ? levelsOf(view.document(document.type, document.id), document).map((ref) => ({ kind: 'level', ref }))
        : [itself],
    decide: (view) => {
      const applied = view.document(document.type, document.id);
      const decision = decideDocument(applied, view.level, { document, cause }, settings);
      return { events: decision.events, result: decision };
    },
  };
};
