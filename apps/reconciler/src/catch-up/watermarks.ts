import { type Instant, instantFrom, type Naming, streamSeq } from '@tallystream/contracts';
import {
  CommitConflict,
  type JetStreamConnection,
  lastMessages,
  messageAt,
  messagesSince,
  publish,
  type StreamMessage,
} from '@tallystream/jetstream';
import { type ListedDocumentType, listedDocumentTypes } from '@tallystream/zoho';
import { OPENING } from '../first-start';
import { type Watermark, watermarkSchema } from './watermark';

/** A watermark as it was found, and the sequence to move it from; 0 when there was none. */
export type StoredWatermark = Readonly<{ watermark: Watermark; seq: number }>;

type Where = Readonly<{ connection: JetStreamConnection; naming: Naming }>;

/**
 * The watermarks of all types. A type that was never read begins with the opening run, which saw what there was
 * before. Nothing when the ledger is empty: then there is nothing to miss. @throws NatsUnavailable
 */
export const loadWatermarks = async ({
  connection,
  naming,
}: Where): Promise<ReadonlyMap<ListedDocumentType, StoredWatermark> | undefined> => {
  const subjects = listedDocumentTypes.map(naming.watermarkSubject);
  const messages = await lastMessages(connection, naming.stream('ZOHO_RUNS'), subjects);
  const bySubject = new Map(messages.map((message) => [message.subject, message]));
  const began = await beginning({ connection, naming });
  if (!began) return undefined;
  return new Map(
    listedDocumentTypes.map((type) => {
      const message = bySubject.get(naming.watermarkSubject(type));
      const watermark = (message && watermarkFrom(message)) ?? { readTo: began, handed: [] };
      return [type, { watermark, seq: message?.seq ?? 0 }];
    }),
  );
};

/**
 * Moves a watermark. When another replica moved it meanwhile, that one holds: what it read it dealt with, and
 * what we handed over is in the inbox in any case. @throws NatsUnavailable
 */
export const saveWatermark = async (
  { connection, naming }: Where,
  type: ListedDocumentType,
  watermark: Watermark,
  expectedSubjectSeq: number,
): Promise<void> => {
  try {
    await publish(connection, {
      subject: naming.watermarkSubject(type),
      headers: { 'content-type': 'application/json' },
      data: Buffer.from(JSON.stringify(watermark)),
      expectedSubjectSeq,
    });
  } catch (error) {
    if (!(error instanceof CommitConflict)) throw error;
  }
};

/** One that another version of the program wrote otherwise: read from the beginning, which costs calls only. */
const watermarkFrom = ({ data }: StreamMessage): Watermark | undefined => {
  try {
    return watermarkSchema.parse(JSON.parse(Buffer.from(data).toString()));
  } catch {
    return undefined;
  }
};

/** When the opening run began; without one, when the ledger did. */
const beginning = async ({ connection, naming }: Where): Promise<Instant | undefined> => {
  const stream = naming.stream('STOCK');
  const [opening] = await messagesSince(connection, stream, naming.runSubject(OPENING), instantFrom(0));
  return (opening ?? (await messageAt(connection, stream, streamSeq(1))))?.storedAt;
};
