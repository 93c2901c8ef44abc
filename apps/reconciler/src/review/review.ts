import type { Provider } from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import { CONFIG, type Config, NAMING } from '@tallystream/platform';
import { type Database, driftDatabase, PostgresProjection } from '@tallystream/projection-store';
import { json } from 'express';
import { DRIFTS } from '../tokens';
import { DriftController } from './drift.controller';
import { DRIFT_PROJECTION, DriftProjector, driftFold } from './drift.projector';
import { OpenDrifts } from './open-drifts';

/** The parts of the review of drifts. They need a provider of `DRIFT_DECISIONS` beside them. */
export const reviewControllers = [DriftController, DriftProjector];

export const reviewProviders: Provider[] = [
  OpenDrifts,
  {
    provide: DRIFTS,
    inject: [CONFIG, NAMING],
    useFactory: ({ DATABASE_URL }: Config, { schema }: Naming) =>
      driftDatabase({ url: DATABASE_URL, schema }),
  },
  {
    provide: DRIFT_PROJECTION,
    inject: [DRIFTS],
    useFactory: (drifts: Database) => new PostgresProjection(drifts, driftFold),
  },
];

/** Reads every body as JSON, whatever it says it is: a note must not be lost for want of a header. */
export const reviewBody = json({ limit: '64kb', type: () => true });
