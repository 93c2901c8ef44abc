import { AddCheckpointVersion1795305600000 } from '../add-checkpoint-version.migration';
import { CreateCatalogue1767225600004 } from '../catalogue/create-catalogue.migration';
import { CreateCheckpoints1767225600000 } from '../checkpoints';
import { Database, type DatabasePlace } from '../database';
import { CreateDrifts1795219200002 } from './create-drifts.migration';

/** Drifts and the catalogue that names them, for whoever writes or reads them. */
export const driftDatabase = (place: DatabasePlace): Database =>
  new Database({
    ...place,
    owner: 'drift',
    entities: [],
    migrations: [
      CreateCheckpoints1767225600000,
      CreateCatalogue1767225600004,
      CreateDrifts1795219200002,
      AddCheckpointVersion1795305600000,
    ],
    privileges: [
      { app: 'reconciler', may: ['SELECT', 'INSERT', 'UPDATE'], on: ['drifts'], projections: ['drift'] },
      { app: 'reconciler', may: ['SELECT'], on: ['items', 'warehouses'] },
    ],
  });
