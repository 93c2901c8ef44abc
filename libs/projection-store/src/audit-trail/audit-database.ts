import { AddCheckpointVersion1795305600000 } from '../add-checkpoint-version.migration';
import { CreateCatalogue1767225600004 } from '../catalogue/create-catalogue.migration';
import { CreateCheckpoints1767225600000 } from '../checkpoints';
import { Database, type DatabasePlace } from '../database';
import { CreateAuditEvents1767225600002 } from './create-audit-events.migration';
import { SearchAuditEvents1795392000000 } from './search-audit-events.migration';

/** The name of the projection, in its checkpoint. */
export const AUDIT_PROJECTION = 'audit-trail';

/** The audit trail, for whoever appends to it or reads it. */
export const auditDatabase = (place: DatabasePlace): Database =>
  new Database({
    ...place,
    owner: 'audit_trail',
    entities: [],
    migrations: [
      CreateCheckpoints1767225600000,
      CreateAuditEvents1767225600002,
      CreateCatalogue1767225600004,
      AddCheckpointVersion1795305600000,
      SearchAuditEvents1795392000000,
    ],
    privileges: [
      // Never UPDATE or DELETE: what is written stays. Tables and triggers belong to who runs the migrations.
      {
        app: 'audit_trail',
        may: ['SELECT', 'INSERT'],
        on: ['audit_events', 'audit_blocks'],
        projections: ['audit-trail'],
        calls: ['make_audit_partition'],
      },
      { app: 'audit_trail', may: ['SELECT'], on: ['items', 'warehouses'] },
      { app: 'operations', may: ['SELECT'], on: ['audit_events'] },
    ],
  });
