import { lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import type { Datum, DatumId } from '@daggerml/object-model';
import { cliError } from './cli-error.ts';
import { planFolder } from './export-plan.ts';
import { makeFolder } from './make-folder.ts';
import type { RecordReader } from './record-reader.ts';
import { blobPieces, jsonPieces } from './value-pieces.ts';

/** One file that an export writes. */
export interface ExportedFile {
  /** Path below the target; empty when the target itself is the file. */
  readonly path: string;
  /** Keys that lead to the value, from the outermost map. */
  readonly keys: readonly string[];
  readonly sizeBytes: number;
}

/** Where an export goes. */
export interface ExportRequest {
  /** How the user named the value. */
  readonly name: string;
  /** Absolute path to write. */
  readonly target: string;
  /** Replaces what the target holds. */
  readonly force: boolean;
  /** Absolute path of the repository's own data: neither replaced nor written into. */
  readonly store: string;
  /** Absolute path of the folder the command runs in: not replaced. */
  readonly currentFolder: string;
  readonly signal?: AbortSignal;
}

/**
 * Writes a blob to a file, a map to a folder. Everything is written beside the target first and moved into
 * place at the end, so that whatever ends it early leaves the target as it was.
 *
 * Throws `path_exists`, `protected_path`, `not_exportable` and `unwritable_path`.
 */
export async function exportValue(
  reader: RecordReader,
  datumId: DatumId,
  { name, target, force, store, currentFolder, signal }: ExportRequest,
): Promise<ExportedFile[]> {
  const datum = reader.read('datum', datumId);
  if (datum.kind !== 'blob' && datum.kind !== 'map') {
    throw cliError('not_exportable', { name, found: datum.kind });
  }
  // @spec DML-CLI-0809
  if (!force && isThere(target)) throw cliError('path_exists', { path: target });
  // @spec DML-CLI-0820
  if (isWithin(currentFolder, target) || isWithin(store, target) || isWithin(target, store)) {
    throw cliError('protected_path', { path: target });
  }
  // @spec DML-CLI-0808
  const entries = datum.kind === 'blob' ? [{ path: '', keys: [], datum }] : planFolder(reader, datum);
  const staging = join(dirname(target), `.dml-export-${process.pid}-${Date.now().toString(36)}`);
  try {
    makeFolder(dirname(target), target);
    if (datum.kind === 'map') mkdirSync(staging);
    const written: ExportedFile[] = [];
    for (const { path, keys, datum: content } of entries) {
      signal?.throwIfAborted();
      const file = join(staging, path);
      if (content === undefined) mkdirSync(file, { recursive: true });
      else written.push({ path, keys, sizeBytes: await writeFile(reader, content, { path: file, signal }) });
    }
    // @spec DML-CLI-0824
    replace(target, staging);
    return written;
  } catch (cause) {
    discard(staging);
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    const errno = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw cliError('unwritable_path', { path: target, errno }, cause);
  }
}

/** Moves what was written into place; what stood there is moved aside first and comes back if that fails. @spec DML-CLI-0819 */
function replace(target: string, staging: string): void {
  if (isFile(staging) && isFile(target)) return renameSync(staging, target);
  const aside = `${staging}-old`;
  const isReplacing = isThere(target);
  if (isReplacing) renameSync(target, aside);
  try {
    renameSync(staging, target);
  } catch (error) {
    if (isReplacing) renameSync(aside, target);
    throw error;
  }
  if (isReplacing) rmSync(aside, { recursive: true, force: true });
}

function discard(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // What could not be made need not be removed; the first error is the one to report.
  }
}

function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // Below a file nothing can be; writing there will say so.
    return false;
  }
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way));
}

/** Writes one value and yields the size of its file. */
async function writeFile(
  reader: RecordReader,
  datum: Datum,
  { path, signal }: { path: string; signal: AbortSignal | undefined },
): Promise<number> {
  mkdirSync(dirname(path), { recursive: true });
  const file = await open(path, 'wx');
  try {
    let sizeBytes = 0;
    for (const piece of datum.kind === 'blob' ? blobPieces(reader, datum) : jsonPieces(reader, datum)) {
      signal?.throwIfAborted();
      await file.appendFile(piece);
      sizeBytes += piece.length;
    }
    return sizeBytes;
  } finally {
    await file.close();
  }
}
