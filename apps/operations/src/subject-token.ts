import { z } from 'zod';

/** One token of a subject: what a consumer or a reason may be called. */
export const tokenSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of the characters A-Z a-z 0-9 _ -');
