import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { SavedFile } from './manifest';

/** Writes a new file, for our eyes only, and sees it on the disk. */
export const writeSavedFile = async (
  folder: string,
  file: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<SavedFile> => {
  const handle = await open(path.join(folder, file), 'wx', 0o600);
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      await handle.write(chunk);
      hash.update(chunk);
      bytes += chunk.length;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { file, sha256: hash.digest('hex'), bytes };
};

/** @throws Error when it is not, byte for byte, what was saved */
export const checkSavedFile = async (folder: string, { file, sha256 }: SavedFile): Promise<void> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path.join(folder, file))) hash.update(chunk);
  if (hash.digest('hex') !== sha256) throw new Error(`${file} is not what was saved: its checksum differs`);
};

export const readSavedFile = (folder: string, { file }: SavedFile): AsyncIterable<Uint8Array> =>
  createReadStream(path.join(folder, file), { highWaterMark: 512 * 1024 });
