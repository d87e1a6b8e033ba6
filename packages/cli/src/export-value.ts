import { createWriteStream, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type BlobDatum, type Datum, type DatumId, treeEntries } from '@daggerml/object-model';
import { cliError } from './cli-error.ts';
import { makeFolder } from './make-folder.ts';
import type { RecordReader } from './record-reader.ts';
import { valueJson } from './value-json.ts';

/** One file that an export writes. */
export interface ExportedFile {
  /** Path below the target; empty when the target itself is the file. */
  readonly path: string;
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

interface PlannedFile {
  readonly path: string;
  readonly datum: Datum;
}

/**
 * Writes a blob to a file, a map to a folder. Everything is written beside the target first and moved into
 * place at the end, so that a failure leaves the target as it was.
 *
 * Throws `path_exists`, `protected_path`, `not_exportable`, `unsafe_path` and `unwritable_path`.
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
  const files = datum.kind === 'blob' ? [{ path: '', datum }] : [...planFolder(reader, datum, '')];
  refuseClashes(files);
  const staging = join(dirname(target), `.dml-export-${process.pid}-${Date.now().toString(36)}`);
  try {
    makeFolder(dirname(target), target);
    if (datum.kind === 'map') mkdirSync(staging);
    const written: ExportedFile[] = [];
    for (const file of files) {
      signal?.throwIfAborted();
      written.push(await writeFile(reader, file, join(staging, file.path)));
    }
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

function* planFolder(
  reader: RecordReader,
  map: Datum & { kind: 'map' },
  folder: string,
): Generator<PlannedFile> {
  for (const [key, element] of treeEntries('map', map.root, reader)) {
    const datum = typeof element === 'string' ? reader.read('datum', element) : element;
    const path = folder === '' ? safePath(key) : `${folder}/${safePath(key)}`;
    if (datum.kind === 'map') yield* planFolder(reader, datum, path);
    else yield { path: datum.kind === 'blob' ? path : `${path}.json`, datum };
  }
}

/** Refuses a key that would leave the folder or that no file can have. @spec DML-CLI-0810 */
function safePath(key: string): string {
  const parts = key.split('/');
  const isUnsafe = (part: string): boolean =>
    part === '' ||
    part === '.' ||
    part === '..' ||
    part.includes('\\') ||
    part.includes('\0') ||
    /^[A-Za-z]:/.test(part);
  if (parts.some(isUnsafe)) throw cliError('unsafe_path', { key });
  return key;
}

function refuseClashes(files: readonly PlannedFile[]): void {
  const paths = new Set<string>();
  for (const { path } of files) {
    if (paths.has(path)) throw cliError('unsafe_path', { key: path });
    paths.add(path);
  }
  for (const path of paths) {
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      if (paths.has(path.slice(0, slash))) throw cliError('unsafe_path', { key: path });
    }
  }
}

async function writeFile(
  reader: RecordReader,
  { path, datum }: PlannedFile,
  target: string,
): Promise<ExportedFile> {
  mkdirSync(dirname(target), { recursive: true });
  let sizeBytes = 0;
  const counted = function* (): Generator<Uint8Array> {
    for (const piece of datum.kind === 'blob' ? chunksOf(reader, datum) : textOf(reader, datum)) {
      sizeBytes += piece.length;
      yield piece;
    }
  };
  await pipeline(Readable.from(counted(), { objectMode: false }), createWriteStream(target, { flags: 'wx' }));
  return { path, sizeBytes };
}

function* chunksOf(reader: RecordReader, blob: BlobDatum): Generator<Uint8Array> {
  for (const [chunkId] of treeEntries('chunks', blob.root, reader)) yield reader.store.read('chunk', chunkId);
}

function* textOf(reader: RecordReader, datum: Datum): Generator<Uint8Array> {
  for (const piece of valueJson(reader, datum)) yield Buffer.from(piece);
  yield Buffer.from('\n');
}
