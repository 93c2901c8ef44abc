import { AddCheckpointVersion1795305600000 } from '../add-checkpoint-version.migration';
import { CreateCatalogue1767225600004 } from '../catalogue/create-catalogue.migration';
import { CreateCheckpoints1767225600000 } from '../checkpoints';
import { Database, type DatabasePlace } from '../database';
import { AddDisputed1795219200001 } from './add-disputed.migration';
import { BalanceEntity } from './balance.entity';
import { CreateBalances1767225600001 } from './create-balances.migration';

/** The balances and the catalogue that names them, for whoever writes or reads them. */
export const balancesDatabase = (place: DatabasePlace): Database =>
  new Database({
    ...place,
    owner: 'balances',
    entities: [BalanceEntity],
    migrations: [
      CreateCheckpoints1767225600000,
      CreateBalances1767225600001,
      CreateCatalogue1767225600004,
      AddDisputed1795219200001,
      AddCheckpointVersion1795305600000,
    ],
    privileges: [
      {
        app: 'balances',
        may: ['SELECT', 'INSERT', 'UPDATE'],
        on: ['balances', 'items', 'warehouses'],
        projections: ['balances', 'catalogue'],
      },
      {
        app: 'stock_cache',
        may: ['SELECT'],
        on: ['balances', 'items', 'warehouses'],
        // What a web shop was told of.
        projections: ['revalidation'],
      },
      { app: 'reconciler', may: ['SELECT'], on: ['balances', 'items', 'warehouses'] },
      { app: 'operations', may: ['SELECT'], on: ['balances'] },
    ],
  });
