import { mkdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Datum, DatumId } from '@daggerml/object-model';
import { cliError } from './cli-error.ts';
import { type ProtectedFolders, refuseProtected } from './export-guard.ts';
import { planFolder } from './export-plan.ts';
import { ExportWork, type Leftover } from './export-work.ts';
import { makeFolder } from './make-folder.ts';
import type { RecordReader } from './record-reader.ts';
import { SeenEntries } from './seen-entries.ts';
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
  readonly keep: ProtectedFolders;
  readonly signal?: AbortSignal;
}

/** What an export did. */
export interface ExportReport {
  readonly files: readonly ExportedFile[];
  /** Where something is that came to be at the target while what was seen there was replaced. */
  readonly kept?: string;
  /** What exports to the same folder that were killed have kept of their targets. */
  readonly leftovers: readonly Leftover[];
}

/**
 * Writes a blob to a file, a map to a folder. Everything is written beside the target first and moved into
 * place at the end, so that whatever ends it early leaves the target as it was.
 *
 * Throws `path_exists`, `path_changed`, `protected_path`, `not_exportable` and `unwritable_path`.
 */
export async function exportValue(
  reader: RecordReader,
  datumId: DatumId,
  { name, target, force, keep, signal }: ExportRequest,
): Promise<ExportReport> {
  const datum = reader.read('datum', datumId);
  if (datum.kind !== 'blob' && datum.kind !== 'map') {
    throw cliError('not_exportable', { name, found: datum.kind });
  }
  refuseProtected(target, keep);
  let work: ExportWork | undefined;
  try {
    const seen = SeenEntries.at(target, force);
    // @spec DML-CLI-0809
    if (!force && !seen.isEmpty) throw cliError('path_exists', { path: target });
    // @spec DML-CLI-0808
    const entries = datum.kind === 'blob' ? [{ path: '', keys: [], datum }] : planFolder(reader, datum);
    makeFolder(dirname(target), target);
    const leftovers = ExportWork.clearLeftovers(dirname(target));
    work = ExportWork.begin(dirname(target), target);
    if (datum.kind === 'map') mkdirSync(work.made);
    const files: ExportedFile[] = [];
    for (const { path, keys, datum: content } of entries) {
      signal?.throwIfAborted();
      const file = join(work.made, path);
      if (content === undefined) mkdirSync(file, { recursive: true });
      else files.push({ path, keys, sizeBytes: await writeFile(reader, content, { path: file, signal }) });
    }
    // By now other links may lead to it. @spec DML-CLI-0820
    refuseProtected(target, keep);
    // @spec DML-CLI-0824
    const kept = work.place(seen);
    return { files, leftovers, ...(kept !== undefined && { kept }) };
  } catch (cause) {
    work?.discard();
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    const errno = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw cliError('unwritable_path', { path: target, errno }, cause);
  }
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
