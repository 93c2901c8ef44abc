import { z } from 'zod';
import { runIdSchema } from '../ids';
import { causeSchema } from './cause';
import { instantField } from './fields';

/** What a run of the reconciler does; no two of one kind go on at a time. */
export const runKinds = [
  'opening',
  'full',
  'items-with-stock',
  'products',
  'stock',
  'items',
  'replay',
] as const;
export const runKindSchema = z.enum(runKinds).meta({
  description:
    '`opening`: the first observation of everything, which sets all levels. `full`: catalogue and stock of ' +
    'everything. `items-with-stock`: both, of the items that have stock. `products`: the catalogue. ' +
    '`stock`: the stock of everything. `items`: named items. `replay`: from stored snapshots, without Zoho.',
});
export type RunKind = z.infer<typeof runKindSchema>;

export const runOutcomes = ['completed', 'failed', 'cancelled'] as const;
export type RunOutcome = (typeof runOutcomes)[number];

const runFields = {
  runId: runIdSchema.meta({ description: 'Our id of the run.' }),
  kind: runKindSchema,
  cause: causeSchema,
  occurredAt: instantField('When it began or ended, by our clock.'),
};

const counts = {
  items: z.int().nonnegative().meta({ description: 'Items that the sweep read.' }),
  levels: z.int().nonnegative().meta({ description: 'Levels that the sweep read.' }),
  changed: z.int().nonnegative().meta({ description: 'Levels that the sweep moved.' }),
};

export const syncStartedSchema = z.object(runFields).meta({
  title: 'SyncStarted',
  description: "A sweep over Zoho's stock began.",
});
export type SyncStarted = Readonly<z.infer<typeof syncStartedSchema>>;

/** Version 1 was written only by opening observations, and only when they had seen everything. */
export const syncFinishedV1Schema = z
  .object({
    ...runFields,
    kind: z.enum(['opening']).meta({
      description: '`opening`: the first observation of everything, which sets all levels.',
    }),
    ...counts,
  })
  .meta({
    title: 'SyncFinished',
    description: 'A sweep ended. One without this event was cut off and is to be done again.',
  });

/**
 * A second version, although it only adds fields: a reader of the first would pass over `outcome` and take a
 * failed run for a complete one.
 */
export const syncFinishedSchema = z
  .object({
    ...runFields,
    outcome: z.enum(runOutcomes).meta({
      description:
        '`completed`: everything asked for was looked at. `failed`: it could not go on, `error` says why. ' +
        '`cancelled`: somebody stopped it. What it had done by then holds in any case.',
    }),
    error: z.string().meta({ description: 'Why it failed, in one line; absent unless it did.' }).optional(),
    ...counts,
    failed: z
      .int()
      .nonnegative()
      .meta({ description: 'Items that could not be read or taken into account; absent when not counted.' })
      .optional(),
    skipped: z
      .int()
      .nonnegative()
      .meta({
        description: 'Items that it was told to pass over, or that are gone; absent when not counted.',
      })
      .optional(),
    apiCalls: z
      .int()
      .nonnegative()
      .meta({ description: 'Calls it made to Zoho; absent when not counted.' })
      .optional(),
  })
  .meta({
    title: 'SyncFinished',
    description:
      'A run ended, well or not: see `outcome`. One without this event was cut off and is to be done again.',
  });
export type SyncFinished = Readonly<z.infer<typeof syncFinishedSchema>>;
