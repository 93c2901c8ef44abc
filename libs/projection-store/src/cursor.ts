import { Problem } from '@tallystream/contracts';
import { z } from 'zod';

/** A page of a list, and where the next one begins. */
export type Page<T> = Readonly<{ items: readonly T[]; nextCursor: string | null }>;

/** Opaque to clients: the sort key of the last row that they have seen. */
export const encodeCursor = (key: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(key)).toString('base64url');

/** @throws Problem `invalid_request` for a cursor that we did not make */
export const decodeCursor = <S extends z.ZodType>(cursor: string, schema: S): z.output<S> => {
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch (error) {
    throw refusedCursor(error);
  }
};

export const refusedCursor = (cause?: unknown): Problem => {
  const errors = [{ path: 'cursor', message: 'is not one that this list gave out' }];
  return new Problem('invalid_request', 'cursor: is not one that this list gave out', { errors, cause });
};

/** Of `limit + 1` rows read: the page, and a cursor if there was one more. */
export const pageOf = <Row, T>(
  rows: readonly Row[],
  limit: number,
  item: (row: Row) => T,
  key: (row: Row) => readonly (string | number)[],
): Page<T> => {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(item), nextCursor: rows.length > limit && last ? encodeCursor(key(last)) : null };
};
