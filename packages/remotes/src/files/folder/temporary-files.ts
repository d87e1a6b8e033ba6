import { errnoOf, HungCallError } from './folder-calls.ts';
import type { HeldFolder } from './held-folder.ts';
import { writeNew } from './plain-file.ts';

/** Folder of a remote with files that are being written, and nothing else. */
export const TEMPORARY_FOLDER = 'tmp';

/** Age at which nobody is supposed to be writing a temporary file any more; whoever is, starts again. */
const MAX_AGE_MS = 24 * 3_600_000;

const NAME = /^[0-9a-f]{32}(\.old)?$/;

/** Checks whether an entry of the folder of temporary files is one. */
export function isTemporaryName(name: string): boolean {
  return NAME.test(name);
}

/**
 * Takes a folder out of its place by one rename and deletes it with the files in it. What cannot be deleted is left to
 * the next one who looks for temporary files.
 */
export async function discardFolder(
  from: HeldFolder,
  name: string,
  { temporary, nonce }: { readonly temporary: HeldFolder; readonly nonce: string },
): Promise<void> {
  const old = `${nonce}.old`;
  try {
    // @spec DML-REM-0630
    // Whoever is about to rename the folder finds it gone, and never half of it.
    await from.rename(name, old, temporary);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  await deleteFolder(temporary, old).catch(() => undefined);
}

async function deleteFolder(parent: HeldFolder, name: string): Promise<void> {
  const folder = await parent.child(name);
  if (folder === undefined) return;
  try {
    for (const entry of await folder.names()) await folder.unlink(entry);
  } finally {
    folder.close();
  }
  await parent.removeEmptyFolder(name);
}

/** Returns the time of the file system, which those who share it from a server share. */
export async function readTime(temporary: HeldFolder, nonce: string): Promise<number> {
  const writtenMs = await writeNew(temporary, nonce, new Uint8Array(1));
  await temporary.unlink(nonce);
  // @spec DML-REM-0629
  return writtenMs;
}

/**
 * Deletes the temporary files of writers that have died: those that are a day old by the clock of the file system.
 *
 * @spec DML-REM-0626
 */
export async function deleteAbandoned(temporary: HeldFolder, nowMs: number): Promise<void> {
  for await (const names of temporary.nameGroups())
    for (const name of names)
      if (isTemporaryName(name)) await deleteIfAbandoned(temporary, name, nowMs - MAX_AGE_MS);
}

async function deleteIfAbandoned(temporary: HeldFolder, name: string, olderThanMs: number): Promise<void> {
  try {
    const stats = await temporary.look(name);
    const isOld = stats !== undefined && stats.mtimeMs < olderThanMs;
    if (stats?.isDirectory() && name.endsWith('.old')) await deleteFolder(temporary, name);
    else if (isOld && stats.isDirectory()) await discardFolder(temporary, name, { temporary, nonce: name });
    else if (isOld) await temporary.unlink(name);
  } catch (error) {
    // It may belong to another user, or be under way out already.
    if (error instanceof HungCallError) throw error;
  }
}
