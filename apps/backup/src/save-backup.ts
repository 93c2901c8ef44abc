import { mkdir } from 'node:fs/promises';
import { type Naming, type StreamName, streamNames } from '@tallystream/contracts';
import { type JetStreamConnection, saveStream } from '@tallystream/jetstream';
import { type StreamEntry, writeManifest } from './manifest';
import type { PostgresDump } from './postgres-dump';
import { writeSavedFile } from './saved-file';

/**
 * Each store is of one moment, but not all of the same one, so what builds on another store is saved before
 * it: whatever a saved store counts on is in those saved after it, and at worst a little more, which is
 * handled again and changes nothing. Postgres comes before all of these, the ledger after them.
 */
const turn: Readonly<Record<StreamName, number>> = {
  // How far documents were read: those are in the inbox.
  ZOHO_RUNS: 1,
  ACCESS_KEYS: 1,
  // Events that they vouch for are in the ledger.
  AUDIT_ANCHORS: 1,
  OPERATIONS: 1,
  // What it has handled is in the ledger, or among the dead letters, or asked to be looked at.
  ZOHO_INBOX: 2,
  ZOHO_OBSERVE: 3,
  ZOHO_OUTCOMES: 3,
  // What was done about a letter is known of none that is not there.
  DEAD_LETTER_STATES: 2,
  DEAD_LETTERS: 3,
  ZOHO_SNAPSHOTS: 3,
  CATALOG: 3,
  STOCK: 4,
};
const order = [...streamNames].sort((a, b) => turn[a] - turn[b]);

export type Saving = Readonly<{
  connection: JetStreamConnection;
  naming: Naming;
  /** Absent: streams only. */
  postgres?: PostgresDump;
  /** Made by this. */
  folder: string;
  say: (line: string) => void;
}>;

/** Saves everything while the apps go on. @throws when anything is missing: then there is no manifest */
export const saveBackup = async ({ connection, naming, postgres, folder, say }: Saving): Promise<void> => {
  await mkdir(folder, { recursive: false, mode: 0o700 }).catch((error: unknown) => {
    throw new Error(`${folder} cannot be made: a backup goes into a new folder`, { cause: error });
  });
  const savedAt = new Date().toISOString();
  const dump = postgres && (await writeSavedFile(folder, 'postgres.dump', postgres.save()));
  if (dump) say(`postgres ${naming.schema}: ${inMegabytes(dump.bytes)}`);
  const streams: StreamEntry[] = [];
  for (const name of order) {
    const { saved, chunks } = await saveStream(connection, naming.stream(name));
    const file = await writeSavedFile(folder, `${name.toLowerCase()}.stream`, chunks);
    const { messages, first_seq, last_seq } = saved.state;
    streams.push({
      name,
      ...file,
      config: saved.config,
      state: { ...saved.state, messages, first_seq, last_seq },
    });
    say(`${saved.config.name}: ${messages} messages up to ${last_seq}, ${inMegabytes(file.bytes)}`);
  }
  const { namespace } = naming;
  await writeManifest(folder, {
    format: 1,
    namespace,
    savedAt,
    ...(dump ? { postgres: dump } : {}),
    streams,
  });
  say(`saved into ${folder}`);
};

const inMegabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
