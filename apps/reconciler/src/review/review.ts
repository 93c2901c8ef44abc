import type { Provider } from '@nestjs/common';
import type { Naming } from '@tallystream/contracts';
import { JETSTREAM, type JetStreamConnection } from '@tallystream/jetstream';
import { storedEvent } from '@tallystream/ledger';
import { CONFIG, type Config, NAMING } from '@tallystream/platform';
import { type Database, driftDatabase, PostgresProjection } from '@tallystream/projection-store';
import { postgresStore, Rebuilder } from '@tallystream/rebuild';
import { json } from 'express';
import { DRIFTS } from '../tokens';
import { DriftController } from './drift.controller';
import { DRIFT_PROJECTION, DriftProjector, drift, driftFold } from './drift.projector';
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
  {
    provide: Rebuilder,
    inject: [JETSTREAM, NAMING, CONFIG, DRIFTS],
    useFactory: (connection: JetStreamConnection, naming: Naming, config: Config, live: Database) => {
      const madeOf = [{ consumer: drift, read: storedEvent, fold: driftFold }];
      const drifts = postgresStore({
        connection,
        naming,
        live,
        url: config.DATABASE_URL,
        store: 'drift',
        madeOf,
      });
      const watchEveryMs = config.WATCH_EVERY_SECONDS * 1_000;
      return new Rebuilder({ connection, naming, watchEveryMs, stores: [drifts] });
    },
  },
];

/** Reads every body as JSON, whatever it says it is: a note must not be lost for want of a header. */
export const reviewBody = json({ limit: '64kb', type: () => true });
