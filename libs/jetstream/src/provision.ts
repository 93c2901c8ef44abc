import { type Naming, type StreamName, streamNames } from '@tallystream/contracts';
import { DiscardPolicy, NatsError, nanos, RetentionPolicy, StorageType, StoreCompression } from 'nats';
import { type JetStreamConnection, orUnavailable } from './connection';
import { apiError, NatsUnavailable } from './errors';
import { inWords, type StreamSettings, streamChanges } from './stream-changes';

/** A webhook body of 8 MiB and its headers must fit into one message. */
export const NEEDED_MAX_PAYLOAD = 9 * 1024 * 1024;

const DAY_MS = 24 * 3_600_000;

/** What every stream has unless it says otherwise. Placement and a limit of bytes are the operator's. */
const usualSettings: StreamSettings = {
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  max_age: 0,
  max_msgs: -1,
  max_msgs_per_subject: -1,
};

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
    allow_atomic: true,
    allow_direct: true,
  }),
  ZOHO_OBSERVE: ({ subject }) => ({
    subjects: [subject('zoho.observe.>')],
    retention: RetentionPolicy.Workqueue,
    // A newer request takes the place of one that waits; while an item is being looked at, it is another.
    max_msgs_per_subject: 1,
    allow_atomic: true,
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
  // What each API key is now, and when it was last used.
  ACCESS_KEYS: ({ subject }) => ({
    subjects: [subject('access.>')],
    max_msgs_per_subject: 1,
    allow_direct: true,
  }),
  // Witnesses of the audit trail: nobody who can write Postgres can write them, and nobody takes one away.
  AUDIT_ANCHORS: ({ subject }) => ({
    subjects: [subject('audit.anchor.>')],
    discard: DiscardPolicy.New,
    deny_delete: true,
    deny_purge: true,
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
  // Which alerts are raised, and whose turn it is to look: the newest word each, moved by compare-and-set.
  OPERATIONS: (naming) => ({
    subjects: [naming.alertStatesSubject, naming.watchTurnSubject],
    max_msgs_per_subject: 1,
    allow_direct: true,
  }),
};

/** Whether a message leaves the stream as soon as it has been dealt with. */
export const isQueue = (name: StreamName, naming: Naming): boolean =>
  streamSettings[name](naming).retention === RetentionPolicy.Workqueue;

/**
 * Creates the streams that are missing, and changes what is not as the code wants it; or, as a user who may not,
 * waits for who may.
 * @param replicas of each stream at least: what has fewer is given more, and what has more keeps them, so that an app
 *   that was told less than the others takes nothing away
 * @returns what was changed, in words
 * @throws Error when a change would take messages away, or the ledger is gone; NatsUnavailable; the server's
 *   refusal with the stream's name
 */
export const provisionStreams = async (
  connection: JetStreamConnection,
  naming: Naming,
  replicas = 1,
): Promise<readonly string[]> => {
  await refuseSmallMessages(connection);
  const changed: string[] = [];
  // The ledger first: where another stream is, it must be.
  for (const name of streamNames) {
    const stream = naming.stream(name);
    try {
      const wanted = { ...usualSettings, ...streamSettings[name](naming), num_replicas: replicas };
      changed.push(...(await provisionStream(connection, naming, name, wanted)));
    } catch (error) {
      const cause =
        error instanceof NatsError && error.api_error ? apiError(error.api_error) : orUnavailable(error);
      throw cause instanceof NatsUnavailable
        ? cause
        : new Error(`stream ${stream} cannot be set up: ${cause.message}`, { cause });
    }
  }
  return changed;
};

const provisionStream = async (
  connection: JetStreamConnection,
  naming: Naming,
  name: StreamName,
  atLeast: StreamSettings,
): Promise<readonly string[]> => {
  const stream = naming.stream(name);
  const { streams } = await connection.manager();
  const current = await configOf(connection, stream);
  if (!current) {
    if (name === 'STOCK') await refuseLostLedger(connection, naming);
    if (mayNotChange.has(connection)) throw new NatsUnavailable(`stream ${stream} is not there: ${NOT_OURS}`);
    await streams.add({ ...atLeast, name: stream }).catch((error: unknown) => {
      throw isDenied(connection, error)
        ? new NatsUnavailable(`stream ${stream} is not there: ${NOT_OURS}`, error)
        : error;
    });
    return [`${stream} created`];
  }
  const replicas = Math.max(atLeast.num_replicas ?? 1, current.num_replicas ?? 1);
  const wanted = { ...atLeast, num_replicas: replicas };
  const changes = streamChanges(current, wanted);
  const unsafe = changes.filter(({ isSafe }) => !isSafe);
  if (unsafe.length > 0) {
    throw new Error(
      `it is not as it should be, and changing that could take messages away: ${unsafe.map(inWords).join('; ')}`,
    );
  }
  const said = changes.map((change) => `${stream}: ${inWords(change)}`);
  // Of another release perhaps, which is being taken in just now: we can work with what is there.
  const leftAsItIs = said.map((change) => `${change}; ${NOT_OURS}`);
  if (changes.length === 0 || mayNotChange.has(connection)) return leftAsItIs;
  try {
    await streams.update(stream, wanted);
    return said;
  } catch (error) {
    if (isDenied(connection, error)) return leftAsItIs;
    throw error;
  }
};

/** Where apps run apart, one process has the right to it: apps/provisioner. */
const NOT_OURS = 'this user may not change it, the provisioner does';

/** Who was denied it does not ask again: to the server, each time is an error to be logged. */
const mayNotChange = new WeakSet<JetStreamConnection>();

const isDenied = (connection: JetStreamConnection, error: unknown): boolean => {
  const denied = error instanceof NatsError && error.isPermissionError();
  if (denied) mayNotChange.add(connection);
  return denied;
};

const configOf = async (
  connection: JetStreamConnection,
  stream: string,
): Promise<StreamSettings | undefined> => {
  try {
    return (await (await connection.manager()).streams.info(stream)).config;
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.code === 404) return undefined;
    throw error;
  }
};

/**
 * An empty ledger beside streams that have come after it is not a new house, but one whose book was taken away;
 * unless another process is just setting up the same streams.
 */
const refuseLostLedger = async (connection: JetStreamConnection, naming: Naming): Promise<void> => {
  for (const name of streamNames) {
    if (!(await configOf(connection, naming.stream(name)))) continue;
    if (await configOf(connection, naming.stream('STOCK'))) return;
    throw new Error(
      `it is gone, while ${naming.stream(name)} is there: restore a backup, or delete the other streams to begin anew`,
    );
  }
};

const refuseSmallMessages = async (connection: JetStreamConnection): Promise<void> => {
  const allowed = (await connection.ready()).info?.max_payload;
  // The client forgets what the server is while it dials again.
  if (allowed === undefined) throw new NatsUnavailable('the connection is being renewed');
  if (allowed >= NEEDED_MAX_PAYLOAD) return;
  throw new Error(
    `nats-server takes messages of ${allowed} bytes at most; set max_payload: ${NEEDED_MAX_PAYLOAD}`,
  );
};
