import { type Cause, instantFrom, millisOf } from '@tallystream/contracts';
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
  settings: Readonly<{ trustMarginMs: number }>,
): Write<ObservationDecision> => {
  const { itemId, warehouseId, asOf } = observation;
  const ref = { itemId, warehouseId };
  const since = instantFrom(millisOf(asOf) - CLOCK_TOLERANCE_MS);
  const level: Need = { kind: 'level', ref };
  return {
    // An observation that agrees writes nothing, so nothing would find out that it agreed with old state.
    fresh: true,
    needs: (view) => (view.isLoaded(level) ? [{ kind: 'moves', ref, since }] : [level]),
    decide: (view) => {
      const decision = decideObservation(
        view.level(ref) ?? unknownLevel,
        view.moves(ref),
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
