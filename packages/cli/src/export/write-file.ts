import { lstatSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from '../process/errno.ts';
import { makeFolder } from '../process/make-folder.ts';
import { cliError } from '../wording/cli-error.ts';
import { type ProtectedFolders, refuseProtected } from './guard.ts';
import { ExportWork } from './work.ts';

/** A file to write. */
export interface FileRequest {
  /** Absolute path. */
  readonly target: string;
  /** Replaces a file that is there. */
  readonly force: boolean;
  readonly keep: ProtectedFolders;
  readonly signal: AbortSignal;
}

/**
 * Writes a file next to its path, makes it durable and moves it there, so that whatever ends it early leaves the path as
 * it was. Throws `path_exists`, `path_changed`, `protected_path`, `unwritable_path` and what the pieces throw.
 */
export async function writeFileInPlace(
  pieces: AsyncIterable<Uint8Array>,
  { target, force, keep, signal }: FileRequest,
): Promise<void> {
  refuseProtected(target, keep);
  let work: ExportWork | undefined;
  try {
    refusePresent(target, force);
    makeFolder(dirname(target), target);
    work = new ExportWork(target);
    const file = await open(work.made, 'wx');
    try {
      for await (const piece of pieces) {
        signal.throwIfAborted();
        await file.writeFile(piece);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    work.place(force);
  } catch (cause) {
    work?.discard();
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw cliError('unwritable_path', { path: target, errno: errnoOf(cause) }, cause);
  }
}

/** Throws for what is at a path: a file unless it is replaced, and whatever is no file. */
function refusePresent(target: string, isForced: boolean): void {
  const stats = lstatSync(target, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isFile()) throw cliError('path_exists', { path: target }, undefined, 'no_file');
  // @spec DML-CLI-2023
  if (!isForced) throw cliError('path_exists', { path: target });
}
