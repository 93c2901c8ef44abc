/** The database of the projection: its connections are not those that queries wait for. */
export const TRAIL = Symbol('Database of the audit trail, for its projection');
export const AUDIT_PROGRESS = Symbol('ProjectionProgress of the audit trail');
