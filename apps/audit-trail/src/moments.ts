import { millisOf, Problem, type StreamSeq } from '@tallystream/contracts';
import { AUDIT_PROJECTION, type Database, type Moment, readCheckpoint } from '@tallystream/projection-store';

/**
 * Of what has not happened yet, there is nothing to tell.
 * @param field of the question
 * @throws Problem `invalid_request`
 */
export const refuseFuture = async (database: Database, field: string, moment: Moment): Promise<void> => {
  const why = 'time' in moment ? aheadOfUs(millisOf(moment.time)) : await behindTheEnd(database, moment.seq);
  if (why) throw invalid(field, why);
};

export const invalid = (path: string, message: string): Problem =>
  new Problem('invalid_request', `${path}: ${message}`, { errors: [{ path, message }] });

const aheadOfUs = (millis: number): string | undefined =>
  millis > Date.now() ? 'must not be in the future' : undefined;

const behindTheEnd = async (database: Database, seq: StreamSeq): Promise<string | undefined> => {
  const end = await readCheckpoint(database, AUDIT_PROJECTION);
  return seq > end ? `must not be beyond the end of the trail, which is ${end} now` : undefined;
};
