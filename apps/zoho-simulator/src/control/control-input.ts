import { BadRequestException, HttpException } from '@nestjs/common';
import { z } from 'zod';
import { BookingRefused } from '../bookings/booking';

/** What the schema makes of the input, or a 400 that says what is wrong where. */
export const controlInput = <T>(schema: z.ZodType<T>, input: unknown): T => {
  const parsed = schema.safeParse(input ?? {});
  if (!parsed.success) throw badInput(parsed.error);
  return parsed.data;
};

const statuses: Readonly<Record<BookingRefused['reason'], number>> = {
  bad_input: 400,
  not_found: 404,
  not_allowed: 409,
  stopping: 503,
};

/** Carries out what may be refused; the refusal becomes an answer. */
export const refusedAsHttp = <T>(carryOut: () => T): T => {
  try {
    return carryOut();
  } catch (error) {
    if (error instanceof z.ZodError) throw badInput(error);
    if (!(error instanceof BookingRefused)) throw error;
    throw new HttpException({ error: error.reason, message: error.message }, statuses[error.reason]);
  }
};

const badInput = (error: z.ZodError) =>
  new BadRequestException({
    error: 'bad_input',
    issues: error.issues.map(({ path, message }) => ({ path: path.join('.'), message })),
  });
