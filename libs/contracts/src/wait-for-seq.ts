import { z } from 'zod';
import { streamSeqSchema } from './ids';

/** How long a read waits for the projection that it reads, in milliseconds. */
export const WAIT_FOR_SEQ_MS = 5_000;

/** `?waitForSeq=` of any read: so that whoever wrote reads what they wrote. */
export const waitForSeqSchema = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a stream sequence: a whole number of at most 15 digits')
  .transform(Number)
  .pipe(streamSeqSchema)
  .meta({
    description:
      'Answer only when the projection has passed this sequence of the ledger; 504 if it has not within 5 s',
  });
