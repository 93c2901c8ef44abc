import { type Cause, instantFrom, millisOf, type Naming } from '@tallystream/contracts';
import {
  decideObservation,
  type Observation,
  type ObservationDecision,
  unknownLevel,
} from '@tallystream/domain';
import type { Write } from './group-commit';
import type { Need } from './ledger-view';

/** How far our clock, which stamps the stream, may be ahead of or behind Zoho's. */
export const CLOCK_TOLERANCE_MS = 10 * 60_000;

export const observationWrite = (
  observation: Observation,
  cause: Cause,
  naming: Naming,
  settings: Readonly<{ trustMarginMs: number }>,
): Write<ObservationDecision> => {
  const { itemId, warehouseId, asOf } = observation;
  const subject = naming.levelSubject({ itemId, warehouseId });
  const since = instantFrom(millisOf(asOf) - CLOCK_TOLERANCE_MS);
  const level: Need = { kind: 'state', subject };
  return {
    size: 1,
    // An observation that agrees writes nothing, so nothing would find out that it agreed with old state.
    fresh: true,
    needs: (view) => (view.isLoaded(level) ? [{ kind: 'moves', subject, since }] : [level]),
    decide: (view) => {
      const decision = decideObservation(
        view.level(subject) ?? unknownLevel,
        view.moves(subject),
        { observation, cause },
        settings,
      );
      return {
        events: decision.event ? [{ type: 'StockChanged', data: decision.event }] : [],
        result: decision,
      };
    },
  };
};
