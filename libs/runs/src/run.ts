import { instantSchema, runIdSchema } from '@tallystream/contracts';
import { z } from 'zod';

/** Runs of the reconciler: they read what Zoho says, or, for `replay`, what it once said. */
export const sweepKinds = ['full', 'stock', 'items-with-stock', 'products', 'items', 'replay'] as const;
/** Runs of operators, which Zoho has no part in. */
export const operationKinds = ['verify', 'inbox-replay', 'dead-letter-retry', 'rebuild'] as const;

/** What a verification can be of: the ledger itself, and the stores that must equal it. */
export const verifyScopes = ['ledger', 'balances', 'stock-cache', 'audit-trail'] as const;
export type VerifyScope = (typeof verifyScopes)[number];

export const runStatuses = ['queued', 'running', 'completed', 'failed'] as const;

const count = z.int().nonnegative();

export const runErrorSchema = z.object({
  /** What kind of trouble, e.g. `quota_exhausted`. */
  code: z.string(),
  detail: z.string(),
  /** When it will have passed, where that is known. */
  until: instantSchema.optional(),
});

/** What every run has, whatever it does. */
export const runFields = {
  runId: runIdSchema,
  /** Who asked: the name of an API key, `schedule`, `first-start`. */
  requestedBy: z.string(),
  requestedAt: instantSchema,
  status: z.enum(runStatuses),
  startedAt: instantSchema.optional(),
  updatedAt: instantSchema,
  finishedAt: instantSchema.optional(),
  /** About how much there is to do, in what the run counts; absent as long as nobody knows. */
  expected: count.optional(),
  /** How often it was taken up again. */
  resumed: count,
  error: runErrorSchema.optional(),
};

/** A run of whichever app, as far as all are alike. */
export const anyRunSchema = z.object({
  ...runFields,
  kind: z.string(),
  phase: z.string(),
  parameters: z.record(z.string(), z.unknown()),
  stats: z.record(z.string(), z.number()),
  /** How much of it is done; without it, `stats.processed` tells. */
  done: count.optional(),
  /** What it found, when it has ended. */
  result: z.unknown().optional(),
});
export type AnyRun = Readonly<z.infer<typeof anyRunSchema>>;

/** A run that whichever replica is free carries out, see `RunCarrier`. */
export const carriedRunFields = {
  ...runFields,
  phase: z.string(),
  done: count,
  stats: z.record(z.string(), count),
  /** The process that carries it out; absent when anyone may. */
  owner: z.string().optional(),
};
export type CarriedRun = Readonly<z.infer<z.ZodObject<typeof carriedRunFields>> & { kind: string }>;

/** The least that a run must be to be kept in a book. */
export type RunLike = Pick<AnyRun, 'runId' | 'kind' | 'status' | 'requestedAt'>;

export const isFinished = ({ status }: Pick<AnyRun, 'status'>): boolean =>
  status === 'completed' || status === 'failed';
