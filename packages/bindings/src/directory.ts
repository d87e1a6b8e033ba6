import { type Dirent, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { lowerFile, type StreamSink } from '@daggerml/execution';
import {
  buildDirectory,
  checkFilePath,
  type DatumId,
  type DirectoryEntry,
  encodeRecord,
  nfcText,
} from '@daggerml/object-model';
import { bindingsError } from './errors.ts';
import { hasStoreFiles, REPOSITORY_MARK } from './folder.ts';

/** Which files of a folder are taken. */
export interface DirectoryOptions {
  /**
   * Tells by its path below the folder, with `/` between the parts, whether a file is taken. It is not asked about
   * folders.
   */
  readonly filter?: (path: string) => boolean;
  /** Takes what is in `.git` and `node_modules` too, which is left out otherwise. */
  readonly all?: boolean;
}

/** What was taken of a folder and what was not. */
export interface TakenFiles {
  readonly files: number;
  /** Files that the filter left out. */
  readonly filteredFiles: number;
  /** Paths of what was left out by its name, without looking into it. */
  readonly leftOut: readonly string[];
}

/** What is told while a folder is read. */
interface DirectoryListener {
  readonly onProgress: (files: number) => void;
  readonly onTaken: (taken: TakenFiles) => void;
}

/** Made by tools, large, and never the same on two machines. */
const NO_DATA: ReadonlySet<string> = new Set(['.git', 'node_modules']);
const FILES_OF_PROGRESS = 100;

/**
 * Stores a folder as the map of its files. Rejects with `unreadable_file`.
 *
 * @spec DML-BND-0906
 */
export async function lowerDirectory(
  folder: string,
  sink: StreamSink,
  options: DirectoryOptions,
  listener: DirectoryListener,
): Promise<DatumId> {
  const entries: DirectoryEntry[] = [];
  const seen = new Map<string, string>();
  const tree = new FileTree(folder, options);
  for (const path of tree.files()) {
    checkPath(folder, path);
    const spelling = nfcText(path);
    const other = seen.get(spelling);
    if (other !== undefined)
      throw unreadable(join(folder, path), `its name is the same text as that of ${other}`);
    seen.set(spelling, path);
    const blobDatumId = await lowerFile(join(folder, path), sink);
    entries.push({ kind: 'file', path, blobDatumId, isExecutable: false });
    if (entries.length % FILES_OF_PROGRESS === 0) listener.onProgress(entries.length);
  }
  const { filteredFiles, leftOut } = tree;
  // @spec DML-BND-0918
  listener.onTaken({ files: entries.length, filteredFiles, leftOut });
  return sink.putDatum(encodeRecord({ type: 'datum', kind: 'map', root: buildDirectory(entries, sink) }));
}

/** A folder on the way down, with the real paths of those above it. */
interface Level {
  readonly prefix: string;
  readonly above: readonly string[];
}

/** The files below a folder. */
class FileTree {
  readonly #folder: string;
  readonly #filter: (path: string) => boolean;
  readonly #takesAll: boolean;
  readonly leftOut: string[] = [];
  filteredFiles = 0;

  constructor(folder: string, { filter = () => true, all = false }: DirectoryOptions) {
    this.#folder = folder;
    this.#filter = filter;
    this.#takesAll = all;
  }

  *files({ prefix, above }: Level = { prefix: '', above: [] }): Generator<string> {
    const path = join(this.#folder, prefix.slice(0, -1));
    const entries = entriesOf(path);
    const real = realpathSync(path);
    // @spec DML-BND-0912
    if (above.includes(real)) throw unreadable(path, 'it is a link to a folder that it is in');
    for (const entry of entries) {
      const name = textOf(entry.name, path);
      const below = `${prefix}${name}`;
      // @spec DML-BND-0913
      if (name === REPOSITORY_MARK && hasStoreFiles(path)) continue;
      // @spec DML-BND-0915
      if (NO_DATA.has(name) && !this.#takesAll) this.leftOut.push(below);
      else if (isFolder(entry, join(this.#folder, below)))
        yield* this.files({ prefix: `${below}/`, above: [...above, real] });
      // @spec DML-BND-0916
      else if (!this.#filter(below)) this.filteredFiles += 1;
      // @spec DML-BND-0917
      else {
        refuseOther(entry, join(this.#folder, below));
        yield below;
      }
    }
  }
}

/** Whether an entry is a folder or a link to one. */
function isFolder(entry: Dirent<Buffer>, path: string): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Refuses what is neither a file nor a link to one. */
function refuseOther(entry: Dirent<Buffer>, path: string): void {
  const isFile = entry.isSymbolicLink() ? target(path).isFile() : entry.isFile();
  if (!isFile) throw neither(path);
}

/** @spec DML-BND-0907 */
function neither(path: string): Error {
  return unreadable(path, 'it is neither a file nor a folder');
}

function target(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    throw unreadable(path, `it is a link to what is not there (${codeOf(error)})`, error);
  }
}

function entriesOf(path: string): Dirent<Buffer>[] {
  try {
    return readdirSync(path, { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    throw unreadable(path, codeOf(error), error);
  }
}

/** The name of an entry; a name is bytes, a path of the map is text. */
function textOf(name: Buffer, folder: string): string {
  const text = name.toString('utf8');
  // @spec DML-BND-0914
  if (!Buffer.from(text, 'utf8').equals(name)) throw unreadable(join(folder, text), 'its name is not UTF-8');
  return text;
}

function checkPath(folder: string, path: string): void {
  try {
    checkFilePath(path);
  } catch (error) {
    throw unreadable(join(folder, path), 'its name has a backslash, or is too long', error);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}

function unreadable(path: string, reason: string, cause?: unknown): Error {
  return bindingsError('unreadable_file', { path, reason }, cause);
}
