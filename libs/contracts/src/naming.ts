import { z } from 'zod';
import type { AlertName, Severity } from './alerts';
import type { DriftId } from './events/stock-events';
import type { DocumentId, ItemId, LevelRef, RunId, StreamSeq, WarehouseId } from './ids';

/** First tokens of our subjects: as a namespace they would fall into the streams of the default one. */
const subjectRoots = ['stock', 'zoho', 'catalog', 'access', 'audit', 'dead', 'alert', 'ops'];
/** Schemas that Postgres has already. */
const isPostgresSchema = (name: string) =>
  name === 'public' || name === 'information_schema' || name.startsWith('pg_');

/** Lets several deployments, and parallel test runs, share servers without meeting. */
export const namespaceSchema = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,30}$/, 'must be lower-case letters, digits and _, 31 at most')
  .refine(
    (name) => !subjectRoots.includes(name) && !isPostgresSchema(name),
    'must not be a name that is in use',
  );

export const DEFAULT_NAMESPACE = 'tally';

/** Streams by what they are for, see docs/adr/0001. */
export const streamNames = [
  'STOCK',
  'ZOHO_INBOX',
  'ZOHO_OUTCOMES',
  'ZOHO_OBSERVE',
  'ZOHO_SNAPSHOTS',
  'ZOHO_RUNS',
  'CATALOG',
  'ACCESS_KEYS',
  'AUDIT_ANCHORS',
  'DEAD_LETTERS',
  'DEAD_LETTER_STATES',
  'OPERATIONS',
] as const;
export type StreamName = (typeof streamNames)[number];

export type Naming = ReturnType<typeof namingFor>;

/**
 * Every name that lives on a shared server. Stream and consumer names and the Postgres schema always carry
 * the namespace; subjects and Redis keys only when it is not the default one, because other programs
 * subscribe to `stock.changed.>` and read `stock:<item>` directly.
 */
export const namingFor = (namespace: string) => {
  const isDefault = namespace === DEFAULT_NAMESPACE;
  const subject = (tail: string) => (isDefault ? tail : `${namespace}.${tail}`);
  const key = (tail: string) => (isDefault ? tail : `${namespace}:${tail}`);
  return {
    namespace,
    stream: (name: StreamName) => `${namespace}_${name}`,
    consumer: (name: string) => `${namespace}_${name}`,
    schema: namespace,
    subject,
    /** Every level of an item, in whatever warehouse: a wildcard. */
    levelsSubject: (itemId: ItemId) => subject(`stock.changed.*.${itemId}`),
    levelSubject: ({ warehouseId, itemId }: LevelRef) => subject(`stock.changed.${warehouseId}.${itemId}`),
    documentSubject: (type: string, id: DocumentId) => subject(`stock.document.${type}.${id}`),
    driftSubject: (id: DriftId) => subject(`stock.drift.${id}`),
    runSubject: (id: RunId) => subject(`stock.run.${id}`),
    inboxSubject: (entity: string, event: string) => subject(`zoho.inbox.${entity}.${event}`),
    observeSubject: (itemId: ItemId) => subject(`zoho.observe.${itemId}`),
    /** Of a request that only an observation can settle: it waits beside the other, and is not lost in it. */
    observeDoubtSubject: (itemId: ItemId) => subject(`zoho.observe.${itemId}.doubt`),
    snapshotSubject: (runId: RunId, itemId: ItemId) => subject(`zoho.snapshot.${runId}.${itemId}`),
    runStateSubject: (runId: RunId) => subject(`zoho.run.${runId}`),
    /** The app that carries a rebuild out may write its state, and no other run's. */
    rebuildStateSubject: (store: string, runId: RunId) => subject(`zoho.run.rebuild.${store}.${runId}`),
    /** The states of all runs: a wildcard. */
    runStatesSubject: subject('zoho.run.>'),
    claimSubject: (claim: string) => subject(`zoho.claim.${claim}`),
    /** How far the documents of a type have been read from Zoho. */
    watermarkSubject: (type: string) => subject(`zoho.watermark.${type}`),
    catalogItemSubject: (itemId: ItemId) => subject(`catalog.item.${itemId}`),
    catalogWarehouseSubject: (id: WarehouseId) => subject(`catalog.warehouse.${id}`),
    /** An API key: who it is of, and the hashes of its secrets. */
    accessKeySubject: (id: string) => subject(`access.key.${id}`),
    /** When an API key was last used. */
    accessUseSubject: (id: string) => subject(`access.use.${id}`),
    outcomeSubject: (sequence: StreamSeq) => subject(`zoho.outcome.${sequence}`),
    /** `day` is `2026-01-07`: one anchor a day, in UTC. */
    anchorSubject: (day: string) => subject(`audit.anchor.${day}`),
    deadLetterSubject: (consumer: string, reason: string) => subject(`dead.${consumer}.${reason}`),
    /** What was done about a dead letter. */
    deadLetterStateSubject: (deadLetter: StreamSeq) => subject(`dead-letter.${deadLetter}`),
    /** Where every process tells, when asked, how its consumers are doing. In no stream. */
    consumerReportsSubject: subject('ops.consumers'),
    /** On core NATS, in no stream: who listens is told. */
    alertSubject: (name: AlertName, severity: Severity) => subject(`alert.${name}.${severity}`),
    /** Which alerts are raised. */
    alertStatesSubject: subject('ops.alerts'),
    /** Whose turn it is to look after the system. */
    watchTurnSubject: subject('ops.turn'),
    stockKey: (itemId: ItemId) => key(`stock:${itemId}`),
    levelStockKey: (itemId: ItemId, warehouseId: WarehouseId) => key(`stock:${itemId}:${warehouseId}`),
    redisKey: key,
  } as const;
};
