import { z } from 'zod';

/**
 * A moment as ISO 8601 in UTC, e.g. `2026-01-07T10:31:02Z` (milliseconds only when there are some).
 * Compare instants with `millisOf`, never as strings.
 */
export const instantSchema = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/, 'must be a time such as 2026-01-07T10:31:02Z')
  .refine((text) => text >= '1970', 'must not be before 1970')
  .refine((text) => exists(text), 'must be a time that exists')
  .brand<'Instant'>();
export type Instant = z.infer<typeof instantSchema>;

/** Milliseconds since 1970. */
export const millisOf = (instant: Instant): number => Date.parse(instant);

/** `Date.parse` takes 30 February for 2 March, and 24:00 for the next day: the day it read must be the one written. */
const exists = (text: string): boolean => new Date(text).getUTCDate() === Number(text.slice(8, 10));

export const instantFrom = (millis: number): Instant =>
  new Date(millis).toISOString().replace('.000Z', 'Z') as Instant;
