import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { streamNames } from '@tallystream/contracts';
import { z } from 'zod';

/** A file of the backup, with the checksum that says it is whole. */
const fileSchema = z.object({ file: z.string().regex(/^[\w.-]+$/), sha256: z.string(), bytes: z.int() });
export type SavedFile = Readonly<z.infer<typeof fileSchema>>;

const manifestSchema = z.object({
  format: z.literal(1),
  namespace: z.string(),
  savedAt: z.iso.datetime(),
  /** Absent: streams only. What lies in Postgres is made of them, and made again when the apps start. */
  postgres: fileSchema.optional(),
  streams: z.array(
    fileSchema.extend({
      name: z.enum(streamNames),
      config: z.looseObject({ name: z.string() }),
      state: z.looseObject({ messages: z.int(), first_seq: z.int(), last_seq: z.int() }),
    }),
  ),
});

/** What a backup holds. It is written last: a folder without it is none. */
export type Manifest = Readonly<z.infer<typeof manifestSchema>>;
export type StreamEntry = Manifest['streams'][number];

const fileOf = (folder: string) => path.join(folder, 'manifest.json');

export const writeManifest = (folder: string, manifest: Manifest): Promise<void> =>
  writeFile(fileOf(folder), `${JSON.stringify(manifest, null, 2)}\n`, { flag: 'wx', mode: 0o600 });

/** @throws Error when the folder holds no whole backup */
export const readManifest = async (folder: string): Promise<Manifest> => {
  const text = await readFile(fileOf(folder), 'utf8').catch((error: unknown) => {
    throw new Error(`${folder} holds no whole backup: its manifest.json cannot be read`, { cause: error });
  });
  const result = manifestSchema.safeParse(parsed(text));
  if (!result.success) throw new Error(`${fileOf(folder)} is not the manifest of a backup`);
  return result.data;
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
