import { z } from 'zod';

export const causeKinds = ['webhook', 'sync', 'observation', 'drift', 'api', 'import', 'replay'] as const;
/**
 * What made us write: `id` is the inbox sequence of a webhook, the run of a sweep, `<run>:<inbox sequence>` of a
 * document that a run fetched, …
 */
export const causeSchema = z
  .object({
    kind: z.enum(causeKinds).meta({ description: 'Which way it came.' }),
    id: z.string().meta({
      description:
        'What exactly, in the terms of its kind: the inbox sequence of a webhook; the id of a run, with the inbox ' +
        'sequence behind it (`<run>:<sequence>`) for a document that the run fetched from Zoho; …',
    }),
    actor: z
      .string()
      .meta({ description: 'Who: `zoho`, or the part of Tallystream or the client that asked.' }),
  })
  .meta({ title: 'Cause', description: 'What made Tallystream write the event.' });
export type Cause = z.infer<typeof causeSchema>;
