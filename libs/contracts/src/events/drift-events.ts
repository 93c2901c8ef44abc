import { z } from 'zod';
import { runIdSchema } from '../ids';
import { causeSchema } from './cause';
import { deltaField, instantField, levelFields, quantitiesField } from './fields';
import { documentRefSchema, driftIdSchema, reasonSchema, sideSchema } from './stock-events';

const driftFields = {
  driftId: driftIdSchema.meta({ description: 'Our id of the drift.' }),
  ...levelFields,
  side: sideSchema,
  cause: causeSchema,
  occurredAt: instantField('When it was found, by Zoho, or decided, by our clock.'),
};

const levelEventSchema = z
  .object({
    revision: z.int().positive().meta({ description: 'Of the level.' }),
    reason: reasonSchema.meta({ description: 'What the movement was, in terms of trade.' }),
    delta: deltaField('By how much the level moved.'),
    document: documentRefSchema
      .meta({ title: 'Document', description: 'The document version that moved it; absent when none did.' })
      .optional(),
    cause: causeSchema,
    occurredAt: instantField('When it happened, by Zoho.'),
  })
  .meta({ title: 'LevelEvent', description: 'An event of the level, in short.' });
export type LevelEventInShort = Readonly<z.infer<typeof levelEventSchema>>;

export const driftDetectedSchema = z
  .object({
    ...driftFields,
    verdict: z.enum(['corrected', 'held']).meta({
      description: '`corrected`: small enough to be set right at once. `held`: it waits for review.',
    }),
    difference: deltaField("Zoho's number less ours and less what is tolerated, on this side."),
    zoho: quantitiesField('What Zoho said; `reserved`, which is ours, is 0.').meta({ title: 'Quantities' }),
    ledger: quantitiesField('What the ledger held.'),
    revision: z.int().nonnegative().meta({ description: 'Of the level that was judged.' }),
    asOf: instantField("Zoho's time of the observation."),
    runId: runIdSchema.meta({ description: 'Under which the snapshot of the item is kept.' }),
    lookedUp: z
      .array(z.string())
      .readonly()
      .meta({ description: 'Documents fetched from Zoho that explained none of it, as `<type>:<id>`.' }),
    lastEvents: z
      .array(levelEventSchema)
      .readonly()
      .meta({ description: 'The last five events of the level before it, oldest first.' }),
  })
  .meta({
    title: 'DriftDetected',
    description: 'Zoho and the ledger disagree on a level, and nothing in flight explains it.',
  });
export type DriftDetected = Readonly<z.infer<typeof driftDetectedSchema>>;

export const driftResolutions = ['corrected', 'approved', 'rejected', 'confirmed', 'vanished'] as const;

export const driftResolvedSchema = z
  .object({
    ...driftFields,
    resolution: z.enum(driftResolutions).meta({
      description:
        '`corrected`: at once, being small. `approved`, `rejected`: by somebody. `confirmed`: by a later sweep ' +
        'that saw the same. `vanished`: both agree again, or differ otherwise, which is another drift.',
    }),
    note: z.string().meta({ description: 'What whoever decided had to say.' }).optional(),
    asOf: instantField(
      "Zoho's time of the observation that the level was set to; absent when it was not.",
    ).optional(),
  })
  .meta({ title: 'DriftResolved', description: 'A drift is over: how, and by whom.' });
export type DriftResolved = Readonly<z.infer<typeof driftResolvedSchema>>;
