import type { Naming, StreamName } from '@tallystream/contracts';
import {
  DiscardPolicy,
  NatsError,
  nanos,
  RetentionPolicy,
  StorageType,
  StoreCompression,
  type StreamConfig,
} from 'nats';
import { type JetStreamConnection, orUnavailable } from './connection';
import { apiError, NatsUnavailable } from './errors';

/** A webhook body of 8 MiB and its headers must fit into one message. */
export const NEEDED_MAX_PAYLOAD = 9 * 1024 * 1024;

const DAY_MS = 24 * 3_600_000;

/** `allow_atomic` is newer than the client's types (nats 2.29.3); the server is asked by name. */
type StreamSettings = Partial<StreamConfig> & Readonly<{ allow_atomic?: boolean }>;

/** The streams as the code wants them; docs/adr/0001 says why each is as it is. */
const streamSettings: { readonly [S in StreamName]: (naming: Naming) => StreamSettings } = {
  STOCK: ({ subject }) => ({
    subjects: [subject('stock.>')],
    // If a limit is ever set, new events are refused; old ones never go.
    discard: DiscardPolicy.New,
    deny_delete: true,
    deny_purge: true,
    allow_atomic: true,
    allow_direct: true,
  }),
  ZOHO_INBOX: ({ subject }) => ({
    subjects: [subject('zoho.inbox.>')],
    max_age: nanos(90 * DAY_MS),
    duplicate_window: nanos(10 * 60_000),
    allow_direct: true,
  }),
  ZOHO_OUTCOMES: ({ subject }) => ({
    subjects: [subject('zoho.outcome.>')],
    max_age: nanos(90 * DAY_MS),
    max_msgs_per_subject: 1,
    allow_direct: true,
  }),
  ZOHO_OBSERVE: ({ subject }) => ({
    subjects: [subject('zoho.observe.>')],
    retention: RetentionPolicy.Workqueue,
    // A newer request takes the place of one that waits; while an item is being looked at, it is another.
    max_msgs_per_subject: 1,
    allow_direct: true,
  }),
  // What Zoho said, verbatim: much text of little variety.
  ZOHO_SNAPSHOTS: ({ subject }) => ({
    subjects: [subject('zoho.snapshot.>')],
    max_age: nanos(90 * DAY_MS),
    compression: StoreCompression.S2,
    allow_direct: true,
  }),
  // The newest state of every run, who runs which kind, and how far documents were read, moved by compare-and-set.
  ZOHO_RUNS: ({ subject }) => ({
    subjects: [subject('zoho.run.>'), subject('zoho.claim.>'), subject('zoho.watermark.>')],
    max_age: nanos(90 * DAY_MS),
    max_msgs_per_subject: 1,
    allow_atomic: true,
    allow_direct: true,
  }),
  CATALOG: ({ subject }) => ({
    subjects: [subject('catalog.>')],
    max_msgs_per_subject: 64,
    allow_direct: true,
  }),
  DEAD_LETTERS: ({ subject }) => ({
    subjects: [subject('dead.>')],
    max_age: nanos(365 * DAY_MS),
    allow_direct: true,
  }),
  // What was done about each dead letter, moved by compare-and-set. Kept longer than the letter itself.
  DEAD_LETTER_STATES: ({ subject }) => ({
    subjects: [subject('dead-letter.*')],
    max_age: nanos(2 * 365 * DAY_MS),
    max_msgs_per_subject: 1,
    allow_direct: true,
  }),
};

/**
 * Creates the streams that are missing and brings the others up to date. NATS itself refuses changes that
 * would lose something; such a refusal ends the start.
 * @throws NatsUnavailable, or the server's refusal with the stream's name
 */
export const provisionStreams = async (connection: JetStreamConnection, naming: Naming): Promise<void> => {
  await refuseSmallMessages(connection);
  const manager = await connection.manager();
  for (const [name, settingsFor] of Object.entries(streamSettings)) {
    const stream = naming.stream(name as StreamName);
    const settings = {
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      ...settingsFor(naming),
      name: stream,
    };
    try {
      const exists = await manager.streams.info(stream).catch((error: unknown) => {
        if (error instanceof NatsError && error.api_error?.code === 404) return undefined;
        throw error;
      });
      if (exists) await manager.streams.update(stream, settings);
      else await manager.streams.add(settings);
    } catch (error) {
      const cause =
        error instanceof NatsError && error.api_error ? apiError(error.api_error) : orUnavailable(error);
      throw cause instanceof NatsUnavailable
        ? cause
        : new Error(`stream ${stream} cannot be set up: ${cause.message}`, { cause });
    }
  }
};

const refuseSmallMessages = async (connection: JetStreamConnection): Promise<void> => {
  const allowed = (await connection.ready()).info?.max_payload ?? 0;
  if (allowed >= NEEDED_MAX_PAYLOAD) return;
  throw new Error(
    `nats-server takes messages of ${allowed} bytes at most; set max_payload: ${NEEDED_MAX_PAYLOAD}`,
  );
};
