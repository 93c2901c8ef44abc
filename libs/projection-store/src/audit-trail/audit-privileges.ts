import { escapeIdentifier } from 'pg';

/**
 * Statements that let a role run the audit trail: it may read and append, and make partitions through the
 * function of the owner. Nothing lets it change, take away or turn off what guards the trail: tables and triggers
 * belong to whoever runs the migrations.
 */
export const auditPrivileges = ({
  schema,
  role,
}: Readonly<{ schema: string; role: string }>): readonly string[] => {
  const [inSchema, to] = [`${escapeIdentifier(schema)}.`, `TO ${escapeIdentifier(role)}`];
  return [
    `GRANT USAGE ON SCHEMA ${escapeIdentifier(schema)} ${to}`,
    `GRANT SELECT, INSERT ON ${inSchema}audit_events, ${inSchema}audit_blocks ${to}`,
    `GRANT SELECT, INSERT, UPDATE ON ${inSchema}projection_checkpoints ${to}`,
    `GRANT SELECT ON ${inSchema}items, ${inSchema}warehouses, ${inSchema}migrations_audit_trail ${to}`,
    `GRANT EXECUTE ON FUNCTION ${inSchema}make_audit_partition ${to}`,
  ];
};
