import { isDmlError } from '@daggerml/object-model';
import { remoteError } from '../errors.ts';
import { readAhead } from '../fetch/read-ahead.ts';
import { readAbsences } from '../format/absences.ts';
import { parseFilePath } from '../format/file-path.ts';
import type { GroupEntry } from '../format/group.ts';
import type { RemoteState } from '../format/state.ts';
import { readIndex } from '../levels/merge-groups.ts';
import type { Remote } from '../remote.ts';
import { type RemoteSnapshot, readSnapshot } from '../state/read-snapshot.ts';
import { hashFile } from './hash-file.ts';
import { type NamedFile, namedFiles } from './named-files.ts';

/** A file that a state names and that is not what the state says. */
export interface DamagedFile extends NamedFile {
  readonly problem: 'missing' | 'size' | 'content';
  /** Size of what is there; null where nothing is. */
  readonly foundBytes: number | null;
}

/** Progress of a verification that reads content. */
export interface VerifyProgress {
  readonly files: number;
  readonly readBytes: number;
}

export interface VerifyOptions {
  /** Reads and hashes every file; looks at a listing alone otherwise. */
  readonly readsContent?: boolean | undefined;
  /** Hears how much is about to be read. */
  readonly onBegin?: ((planned: { readonly files: number; readonly bytes: number }) => void) | undefined;
  readonly onProgress?: ((done: VerifyProgress) => void) | undefined;
}

/** Result of a verification. */
export interface VerifyResult {
  /** Files that the state names, and their sizes together. */
  readonly files: number;
  readonly bytes: number;
  /** Bytes that were read to hash them. */
  readonly readBytes: number;
  readonly damaged: readonly DamagedFile[];
  readonly snapshot: RemoteSnapshot;
}

/** Files whose content is read at the same time. */
const PARALLEL_READS = 2;

/**
 * Returns the files of a remote that are missing or damaged. Writes nothing.
 *
 * Throws `remote_missing`, and `remote_damaged` for a remote whose state cannot be read.
 */
export async function verifyRemote({ files }: Remote, options: VerifyOptions = {}): Promise<VerifyResult> {
  const verification = new Verification({ files }, options);
  let snapshot = await readSnapshot(files);
  if (snapshot.version === null) throw remoteError('remote_missing', { remote: files.name });
  for (;;) {
    const damaged = await verification.damagedOf(snapshot.state);
    const result = { ...verification.totalsOf(snapshot.state), damaged, snapshot };
    if (damaged.length === 0) return result;
    // A collection that deletes files has replaced CURRENT before. @spec DML-REM-1903
    const now = await readSnapshot(files);
    const named = namedFiles(now.state);
    if (damaged.every(({ path }) => named.has(path))) return result;
    snapshot = now;
  }
}

/** A look at the files of one state after another, each of which is hashed once. */
export class Verification {
  readonly #remote: Pick<Remote, 'files'>;
  readonly #options: VerifyOptions;
  /** Files whose content was found to be in order. */
  readonly #sound = new Set<string>();
  readonly #unsound = new Map<string, DamagedFile>();
  #readBytes = 0;

  constructor(remote: Pick<Remote, 'files'>, options: VerifyOptions) {
    this.#remote = remote;
    this.#options = options;
  }

  /** Returns the number and size of the files that a state names, and what was read so far. */
  totalsOf(state: RemoteState): Pick<VerifyResult, 'files' | 'bytes' | 'readBytes'> {
    const files = [...namedFiles(state).values()];
    return { files: files.length, bytes: sumOf(files), readBytes: this.#readBytes };
  }

  /** Returns the files of a state that are missing or damaged, in the order of the state. */
  async damagedOf(state: RemoteState): Promise<DamagedFile[]> {
    const named = namedFiles(state);
    const problems = await this.#listed(named);
    if (this.#options.readsContent === true)
      for (const damaged of await this.#read([...named.values()].filter(({ path }) => !problems.has(path))))
        problems.set(damaged.path, damaged);
    return [...named.keys()].flatMap((path) => problems.get(path) ?? []);
  }

  /** Returns what a listing shows to be wrong. @spec DML-REM-1900 */
  async #listed(named: ReadonlyMap<string, NamedFile>): Promise<Map<string, DamagedFile>> {
    const { files } = this.#remote;
    const problems = new Map<string, DamagedFile>();
    for (const [path, file] of named) problems.set(path, { ...file, problem: 'missing', foundBytes: null });
    // @spec DML-REM-1901
    for (const folder of new Set([...named.keys()].map((path) => path.slice(0, path.indexOf('/') + 1))))
      for await (const { path, sizeBytes } of files.list(folder)) {
        const file = named.get(path);
        if (file === undefined) continue;
        if (file.bytes === null || file.bytes === sizeBytes) problems.delete(path);
        else problems.set(path, { ...file, problem: 'size', foundBytes: sizeBytes });
      }
    return problems;
  }

  /** Reads files and returns those that are not what their names say. @spec DML-REM-1902 */
  async #read(files: readonly NamedFile[]): Promise<DamagedFile[]> {
    const open = files.filter(({ path }) => !this.#sound.has(path) && !this.#unsound.has(path));
    if (open.length > 0) this.#options.onBegin?.({ files: open.length, bytes: sumOf(open) });
    const tasks = open.map((file) => async () => ({ file, problem: await this.#problemOf(file) }));
    let done = 0;
    for await (const { file, problem } of readAhead(tasks, PARALLEL_READS)) {
      done += 1;
      if (problem === undefined) this.#sound.add(file.path);
      else
        this.#unsound.set(file.path, {
          ...file,
          problem,
          foundBytes: problem === 'missing' ? null : file.bytes,
        });
      this.#options.onProgress?.({ files: done, readBytes: this.#readBytes });
    }
    return files.flatMap(({ path }) => this.#unsound.get(path) ?? []);
  }

  async #problemOf(file: NamedFile): Promise<DamagedFile['problem'] | undefined> {
    const { path, sort, bytes } = file;
    const { files } = this.#remote;
    try {
      if (sort === 'index') {
        const index = await readIndex(files, file.group as GroupEntry);
        this.#readBytes += bytes ?? 0;
        return index === undefined ? 'missing' : undefined;
      }
      if (sort === 'absences') {
        await readAbsences(files, path.slice('absences/'.length, -'.car'.length));
        return undefined;
      }
      const onBytes = (count: number): void => {
        this.#readBytes += count;
      };
      const hash = await hashFile(files, path, { sizeBytes: bytes ?? 0, onBytes });
      if (hash === undefined) return 'missing';
      return hash === parseFilePath(path)?.hash ? undefined : 'content';
    } catch (error) {
      if (!isDmlError(error) || error.code !== 'remote_damaged') throw error;
      return error.detail === 'missing' ? 'missing' : 'content';
    }
  }
}

function sumOf(files: readonly NamedFile[]): number {
  return files.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
}
