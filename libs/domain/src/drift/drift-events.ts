import { createHash } from 'node:crypto';
import {
  type Cause,
  type Dispute,
  type DriftDetected,
  type DriftId,
  type DriftResolved,
  driftIdSchema,
  type Side,
  type StockEvent,
} from '@tallystream/contracts';
import type { Observation } from '../observation/decide-observation';
import type { DriftCase } from './drift-case';
import type { Gap } from './gap';

/** What was found on one side, with its evidence. */
export const detectedDrift = (
  { level, observation, runId, lookedUp, lastEvents }: DriftCase,
  { side, wanted }: Gap,
  verdict: DriftDetected['verdict'],
  cause: Cause,
): DriftDetected => ({
  driftId: driftIdOf(observation, side),
  itemId: observation.itemId,
  warehouseId: observation.warehouseId,
  ...(observation.sku ? { sku: observation.sku } : {}),
  side,
  verdict,
  difference: wanted,
  zoho: { ...observation.quantities, reserved: 0 },
  ledger: level.quantities,
  revision: level.revision,
  asOf: observation.asOf,
  runId,
  lookedUp: lookedUp ?? [],
  lastEvents,
  cause,
  occurredAt: observation.asOf,
});

/** How a drift ended by an observation. */
export const resolvedDrift = (
  { observation }: DriftCase,
  { driftId, side }: Pick<Dispute, 'driftId' | 'side'>,
  resolution: DriftResolved['resolution'],
  cause: Cause,
): StockEvent => ({
  type: 'DriftResolved',
  data: {
    driftId,
    itemId: observation.itemId,
    warehouseId: observation.warehouseId,
    ...(observation.sku ? { sku: observation.sku } : {}),
    side,
    resolution,
    // What vanished set nothing.
    ...(resolution === 'vanished' ? {} : { asOf: observation.asOf }),
    cause,
    occurredAt: observation.asOf,
  },
});

/** The same observation of the same level finds the same drift, however often it is judged. */
const driftIdOf = ({ warehouseId, itemId, asOf }: Observation, side: Side): DriftId =>
  driftIdSchema.parse(
    createHash('sha256').update([warehouseId, itemId, side, asOf].join('\n')).digest('hex').slice(0, 24),
  );
