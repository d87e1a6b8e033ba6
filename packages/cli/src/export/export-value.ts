import { mkdirSync, symlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Datum } from '@daggerml/object-model';
import { type RecordReader, standsAt } from '@daggerml/repository';
import { errnoOf } from '../process/errno.ts';
import { makeFolder } from '../process/make-folder.ts';
import { jsonPieces } from '../render/value-pieces.ts';
import { cliError } from '../wording/cli-error.ts';
import { type ProtectedFolders, refuseProtected } from './guard.ts';
import { type PlannedEntry, planDirectory, planFolder } from './plan.ts';
import { ExportWork } from './work.ts';

/** One file or link that an export writes. */
export interface ExportedFile {
  /** Path below the target; empty when the target itself is the file. */
  readonly path: string;
  /** Keys that lead to the value, from the outermost map. */
  readonly keys: readonly string[];
  readonly sizeBytes: number;
  /** True when the file may be executed; absent where it may not. */
  readonly executable?: true;
  /** The path that the link holds; absent for a file. */
  readonly link?: string;
}

/** Target and options of an export. */
export interface ExportRequest {
  /** Absolute path to write. */
  readonly target: string;
  /** Replaces what the target holds. */
  readonly force: boolean;
  readonly keep: ProtectedFolders;
  readonly signal?: AbortSignal;
}

/** Files that an export has written, and the folder with the earlier content where the system did not let it go. */
export interface Exported {
  readonly files: readonly ExportedFile[];
  readonly leftFolder: string | undefined;
}

/**
 * Writes a blob or bytes to a file, a map to a folder, anything else and a map for a path that ends with `.json` as JSON;
 * a directory becomes the folder that it was made of. Everything is written next to the target first and moved into
 * place at the end, so that whatever ends it early leaves the target as it was.
 *
 * Throws `path_exists`, `path_changed`, `protected_path`, `holds_repository` and `unwritable_path`.
 */
export async function exportValue(
  reader: RecordReader,
  datum: Datum,
  { target, force, keep, signal }: ExportRequest,
): Promise<Exported> {
  // @spec DML-CLI-1505
  const folder = datum.kind === 'map' && !target.endsWith('.json') ? datum : undefined;
  refuseProtected(target, keep);
  let work: ExportWork | undefined;
  try {
    // @spec DML-CLI-0809
    if (!force && standsAt(target)) throw cliError('path_exists', { path: target });
    // @spec DML-CLI-0808
    const entries: readonly PlannedEntry[] =
      folder === undefined
        ? [{ path: '', keys: [], datum }]
        : (planDirectory(reader, folder) ?? planFolder(reader, folder));
    makeFolder(dirname(target), target);
    work = new ExportWork(target);
    if (folder !== undefined) mkdirSync(work.made);
    const files: ExportedFile[] = [];
    for (const entry of entries) {
      signal?.throwIfAborted();
      const file = await writeEntry(reader, entry, work.made, signal);
      if (file) files.push(file);
    }
    // Nothing is written any more that could go through a link. @spec DML-CLI-0873
    for (const entry of entries) writeLink(entry, work.made);
    // By now other links may lead to it.
    refuseProtected(target, keep);
    // @spec DML-CLI-0824
    return { files, leftFolder: work.place(force) };
  } catch (cause) {
    work?.discard();
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    const errno = errnoOf(cause);
    throw cliError('unwritable_path', { path: target, errno }, cause);
  }
}

/** Writes what is no link, and returns the file or the link to come; undefined for a folder. */
async function writeEntry(
  reader: RecordReader,
  { path, keys, datum, target, isExecutable = false }: PlannedEntry,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<ExportedFile | undefined> {
  if (target !== undefined) return { path, keys, sizeBytes: 0, link: target };
  const file = join(folder, path);
  mkdirSync(datum === undefined ? file : dirname(file), { recursive: true });
  if (datum === undefined) return undefined;
  const sizeBytes = await writeFile(reader, datum, { path: file, isExecutable, signal });
  return { path, keys, sizeBytes, ...(isExecutable && { executable: true }) };
}

/** @spec DML-CLI-0872 */
function writeLink({ path, target }: PlannedEntry, folder: string): void {
  if (target === undefined) return;
  const place = join(folder, path);
  mkdirSync(dirname(place), { recursive: true });
  symlinkSync(target, place);
}

interface FileRequest {
  readonly path: string;
  readonly isExecutable: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Writes one value and returns the size of its file. */
async function writeFile(
  reader: RecordReader,
  datum: Datum,
  { path, isExecutable, signal }: FileRequest,
): Promise<number> {
  // The system takes away what the user's mask forbids. @spec DML-CLI-0871
  const file = await open(path, 'wx', isExecutable ? 0o777 : 0o666);
  try {
    let sizeBytes = 0;
    for await (const piece of filePieces(reader, datum)) {
      signal?.throwIfAborted();
      await file.appendFile(piece);
      sizeBytes += piece.length;
    }
    return sizeBytes;
  } finally {
    await file.close();
  }
}

function filePieces(reader: RecordReader, datum: Datum): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  if (datum.kind === 'blob') return reader.streamBlob(datum);
  return datum.kind === 'bytes' ? [datum.value] : jsonPieces(reader, datum);
}
