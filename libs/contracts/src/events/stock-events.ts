import { z } from 'zod';
import { documentIdSchema } from '../ids';
import { plainTextSchema } from '../plain-text';
import { causeSchema } from './cause';
import { deltaField, instantField, levelFields, quantitiesField } from './fields';

/** Zoho documents that move stock, by their root key. */
export const documentTypes = [
  'salesorder',
  'invoice',
  'package',
  'creditnote',
  'salesreturnreceive',
  'bill',
  'purchase_receive',
  'vendor_credit',
  'inventory_adjustment',
  'transfer_order',
  'bundle',
] as const;
export const documentTypeSchema = z.enum(documentTypes);
export type DocumentType = z.infer<typeof documentTypeSchema>;

export const reasons = [
  'sale',
  'sale_commitment',
  'purchase',
  'purchase_return',
  'customer_return',
  'shipment',
  'receipt',
  'adjustment',
  'transfer',
  'assembly',
  'void',
  'observation',
  'reconciliation',
  'import',
  'reservation',
  'release',
] as const;
export const reasonSchema = z.enum(reasons);
export type Reason = z.infer<typeof reasonSchema>;

export const documentRefSchema = z
  .object({
    type: documentTypeSchema.meta({ description: "Zoho's kind of document, by its root key." }),
    id: documentIdSchema.meta({ description: "Zoho's id of the document: text." }),
    number: plainTextSchema
      .meta({ description: 'The number people know it by, e.g. `INV-000123`; absent when Zoho sent none.' })
      .optional(),
    version: instantField('Which version of the document: its `last_modified_time`, to the second.'),
    /** No observation before it can hold anything of the document. */
    createdAt: instantField("Zoho's `created_time`; absent when it is not known.").optional(),
  })
  .meta({ title: 'Document', description: 'A version of a Zoho document.' });
export type DocumentRef = z.infer<typeof documentRefSchema>;

/** Zoho's two counts of stock, which are judged apart: the books and the shelves. */
export const sides = ['accounting', 'physical'] as const;
export const sideSchema = z.enum(sides).meta({
  description:
    '`accounting`: onHand, committed and inTransit. `physical`: physicalOnHand and physicalCommitted.',
});
export type Side = z.infer<typeof sideSchema>;

export const driftIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/)
  .brand<'DriftId'>();
export type DriftId = z.infer<typeof driftIdSchema>;

const disputeSchema = z
  .object({
    driftId: driftIdSchema.meta({ description: 'The drift that is held for review.' }),
    side: sideSchema,
    difference: deltaField(
      "Zoho's number less ours and less what is tolerated. Documents move both, so it stays as it is.",
    ),
    zoho: deltaField("Zoho's numbers of this side when the drift was found."),
    since: instantField("Zoho's time of the observation that found it."),
  })
  .meta({ title: 'Dispute', description: 'Zoho says another number, and nobody has decided yet.' });
export type Dispute = Readonly<z.infer<typeof disputeSchema>>;

export const stockChangedSchema = z
  .object({
    ...levelFields,
    revision: z.int().positive().meta({ description: '1, 2, 3, … per level, without gaps.' }),
    delta: deltaField('By how much the level moved.'),
    after: quantitiesField('The level after this event, whole.'),
    provisional: z.boolean().meta({
      description:
        'True until the level was first observed in Zoho: until then `after` must not be shown as a number.',
    }),
    baselineAsOf: instantField(
      "Zoho's time of the last observation that wrote this level; absent as long as there is none.",
    ).optional(),
    disputed: z
      .array(disputeSchema)
      .readonly()
      .meta({ description: 'Drifts that are held for review; absent when there is none.' })
      .optional(),
    tolerated: deltaField(
      'What Zoho may have more than the ledger without being asked about: rejected drift. It ends when Zoho comes ' +
        'nearer to our number than to that. Absent without one.',
    ).optional(),
    reason: reasonSchema.meta({ description: 'What the movement was, in terms of trade.' }),
    document: documentRefSchema
      .meta({ title: 'Document', description: 'The document version that moved it; absent when none did.' })
      .optional(),
    cause: causeSchema,
    occurredAt: instantField(
      'When it happened, by Zoho: the version of the document, or the time of the observation.',
    ),
  })
  .meta({
    title: 'StockChanged',
    description: 'A level moved: by how much, and to what. The newest event of a level is its state.',
  });
export type StockChanged = Readonly<z.infer<typeof stockChangedSchema>>;

/**
 * How one level took a document version: `delta` moved it (perhaps by nothing), `absorbed` means the last
 * observation contained it already, the other two that only a new observation can tell.
 */
export const treatments = ['delta', 'absorbed', 'unknown-history', 'undecidable'] as const;
export const treatmentSchema = z.enum(treatments);
export type Treatment = z.infer<typeof treatmentSchema>;

const appliedLineSchema = z
  .object({
    ...levelFields,
    /** The next version's delta is counted from it. */
    effect: deltaField('The whole effect of this version on the level.'),
    delta: deltaField('By how much this version moved the level: its effect less what was there before.'),
    treatment: treatmentSchema.meta({
      description:
        '`delta`: moved by `delta`, perhaps by nothing. `absorbed`: the last observation held it already. ' +
        '`unknown-history`, `undecidable`: only a new observation can tell; it has been asked for.',
    }),
  })
  .meta({ title: 'Line', description: 'How one level took the document version.' });
export type AppliedLine = Readonly<z.infer<typeof appliedLineSchema>>;

export const appliedOutcomes = ['applied', 'absorbed', 'unknown-history'] as const;

export const documentAppliedSchema = z
  .object({
    document: documentRefSchema,
    status: plainTextSchema.meta({
      description: "Zoho's status of the document, verbatim, e.g. `sent`, `void`.",
    }),
    deleted: z
      .boolean()
      .meta({ description: 'Deleted in Zoho: its effect is taken back, no later version will be accepted.' }),
    outcome: z.enum(appliedOutcomes).meta({
      description:
        '`applied`: levels moved, or none had to. `absorbed`: observations held all of it already. ' +
        '`unknown-history`: nothing moved until a new observation tells.',
    }),
    effectHash: z.string().meta({
      description: 'Fingerprint of the effect (32 hex digits): tells versions of one second apart.',
    }),
    lines: z.array(appliedLineSchema).meta({
      description: 'Every level that this version, or an earlier one, touches; each level once.',
    }),
    cause: causeSchema,
    occurredAt: instantField('The version of the document.'),
  })
  .meta({
    title: 'DocumentApplied',
    description:
      'A version of a Zoho document was taken into account, in one commit with the levels it moved.',
  });
export type DocumentApplied = Readonly<z.infer<typeof documentAppliedSchema>>;
export type AppliedOutcome = DocumentApplied['outcome'];
