import { remoteError } from '../../errors.ts';
import { checkPath, isMutablePath } from '../../format/file-path.ts';
import type { RemoteSurroundings } from '../../remote.ts';
import type { ByteRange, FileVersion, ListedFile, RemoteFiles, SwapAnswer } from '../remote-files.ts';
import { errnoOf, FolderCalls, HungCallError } from './folder-calls.ts';
import { folderError, MisplacedError } from './folder-error.ts';
import { FolderTree } from './folder-tree.ts';
import type { HeldFolder } from './held-folder.ts';
import { listTree } from './list-folder.ts';
import { type MutablePlace, readMutable } from './mutable-file.ts';
import { readPlain, removeAfter, writeNew } from './plain-file.ts';
import { createMutable, replaceMutable } from './swap-mutable.ts';
import { deleteAbandoned, discardFolder, readTime, TEMPORARY_FOLDER } from './temporary-files.ts';

/** Longest time for one system call, which reads or writes 16 MiB at most. */
const LIMIT_MS = 60_000;

/** Files that are deleted at the same time. */
const DELETED_AT_ONCE = 16;

export interface FolderFilesOptions {
  /** Name of the remote in messages; its path by default. */
  readonly name?: string;
  /** Longest time for one system call. */
  readonly limitMs?: number;
}

/** Opens the files of a remote in a folder, which is made by the first write. */
export function openFolderFiles(
  path: string,
  surroundings: FolderSurroundings,
  { name = path, limitMs = LIMIT_MS }: FolderFilesOptions = {},
): RemoteFiles {
  return new FolderFiles({ path, name, calls: new FolderCalls({ limitMs }) }, surroundings);
}

/** Time and randomness for the files of a folder. */
export type FolderSurroundings = Pick<RemoteSurroundings, 'clock' | 'randomBytes'>;

/** Returns the folder, empty for the root, and the name of a file. */
function splitPath(path: string): readonly [folder: string, name: string] {
  const slash = path.lastIndexOf('/');
  return [path.slice(0, Math.max(slash, 0)), path.slice(slash + 1)];
}

/** Files of a remote in a folder. */
export class FolderFiles implements RemoteFiles {
  readonly name: string;
  readonly #tree: FolderTree;
  readonly #surroundings: FolderSurroundings;
  #isTidy = false;

  constructor(
    { path, name, calls }: { readonly path: string; readonly name: string; readonly calls: FolderCalls },
    surroundings: FolderSurroundings,
  ) {
    this.name = name;
    this.#tree = new FolderTree(calls, path, name);
    this.#surroundings = surroundings;
  }

  async read(path: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    checkPath(path, 'immutable');
    const [folderName, name] = splitPath(path);
    return this.#named(`read ${path}`, async () => {
      const folder = await this.#tree.open(folderName);
      return folder && use(folder, () => readPlain(folder, name, range === undefined ? {} : { range }));
    });
  }

  async put(path: string, bytes: Uint8Array): Promise<void> {
    checkPath(path, 'immutable');
    const [folderName, name] = splitPath(path);
    await this.#named(`write ${path}`, () =>
      this.#withTemporary(folderName, async (temporary, folder) => {
        const nonce = this.#newName();
        await writeNew(temporary, nonce, bytes);
        try {
          // @spec DML-REM-0604
          await temporary.rename(nonce, name, folder);
        } catch (error) {
          await removeAfter(error, () => temporary.unlink(nonce));
          throw errnoOf(error) === 'EISDIR' ? new MisplacedError(path, 'not_a_file') : error;
        }
        await folder.sync();
      }),
    );
  }

  async readVersion(path: string, knownVersion?: string): Promise<FileVersion | 'unchanged' | undefined> {
    checkPath(path, 'mutable');
    const [folderName, name] = splitPath(path);
    return this.#named(`read ${path}`, async () => {
      const parent = await this.#tree.open(folderName);
      return parent && use(parent, () => readMutable(this.#place(parent, name), knownVersion));
    });
  }

  async swap(path: string, expected: string | null, bytes: Uint8Array): Promise<SwapAnswer> {
    checkPath(path, 'mutable');
    const [folderName, name] = splitPath(path);
    const operation = `write ${path}`;
    const answer = await this.#named<SwapAnswer>(operation, async () => {
      const version = this.#newName();
      if (expected === null) {
        const nonce = this.#newName();
        return this.#withTemporary(folderName, (temporary, parent) =>
          createMutable({ place: this.#place(parent, name), bytes, version }, { temporary, nonce }),
        );
      }
      const parent = await this.#tree.open(folderName);
      if (parent === undefined) return { outcome: 'refused' };
      return use(parent, () =>
        replaceMutable({ place: this.#place(parent, name), bytes, version }, expected),
      );
    });
    // @spec DML-REM-0602
    return answer.outcome === 'unknown'
      ? { outcome: 'unknown', cause: folderError(answer.cause, this.name, operation) }
      : answer;
  }

  async *list(prefix: string): AsyncGenerator<ListedFile, void, undefined> {
    checkPath(prefix, 'prefix');
    try {
      const root = await this.#tree.openRoot();
      if (root === undefined) return;
      try {
        yield* listTree(root, { prefix, sleep: this.#sleep });
      } finally {
        root.close();
      }
    } catch (error) {
      throw folderError(error, this.name, 'list');
    }
  }

  async remove(paths: readonly string[]): Promise<void> {
    for (const path of paths) checkPath(path, 'removable');
    const byFolder = new Map<string, string[]>();
    for (const path of paths) {
      const [folderName, name] = splitPath(path);
      const names = byFolder.get(folderName);
      if (names === undefined) byFolder.set(folderName, [name]);
      else names.push(name);
    }
    for (const [folderName, names] of byFolder)
      await this.#named(`delete ${folderName}/${names[0]}`, () => this.#removeFrom(folderName, names));
  }

  async #removeFrom(folderName: string, names: readonly string[]): Promise<void> {
    const folder = await this.#tree.open(folderName);
    if (folder === undefined) return;
    await use(folder, async () => {
      for (let at = 0; at < names.length; at += DELETED_AT_ONCE) {
        const some = names.slice(at, at + DELETED_AT_ONCE);
        await Promise.all(some.map((name) => this.#removeOne(folder, name)));
      }
      await folder.sync();
    });
  }

  async #removeOne(folder: HeldFolder, name: string): Promise<void> {
    if (!isMutablePath(folder.shown(name))) return folder.unlink(name);
    await this.#withTemporary('', (temporary) =>
      discardFolder(folder, name, { temporary, nonce: this.#newName() }),
    );
  }

  async now(): Promise<number> {
    return this.#named('tell the time', async () => {
      const root = await this.#tree.openRoot();
      if (root === undefined)
        throw remoteError('remote_missing', { remote: this.name, reason: 'nobody has written to it yet' });
      return use(root, async () => {
        const temporary = await this.#tree.make(root, TEMPORARY_FOLDER);
        return use(temporary, () => readTime(temporary, this.#newName()));
      });
    });
  }

  async close(): Promise<void> {}

  readonly #sleep = (ms: number): Promise<void> => this.#surroundings.clock.sleep(ms);

  #place(parent: HeldFolder, name: string): MutablePlace {
    return { parent, name, sleep: this.#sleep };
  }

  /** Returns a name that nobody has used. */
  #newName(): string {
    return Buffer.from(this.#surroundings.randomBytes(16)).toString('hex');
  }

  /** Makes the folders of a write where they are missing. */
  async #withTemporary<Answer>(
    folderName: string,
    act: (temporary: HeldFolder, folder: HeldFolder) => Promise<Answer>,
  ): Promise<Answer> {
    const root = await this.#tree.makeRoot();
    return use(root, async () => {
      const temporary = await this.#tree.make(root, TEMPORARY_FOLDER);
      return use(temporary, async () => {
        await this.#tidy(temporary);
        if (folderName === '') return act(temporary, root);
        const folder = await this.#tree.make(root, folderName);
        return use(folder, () => act(temporary, folder));
      });
    });
  }

  /** Deletes what writers that died have left, once, as far as it can. */
  async #tidy(temporary: HeldFolder): Promise<void> {
    if (this.#isTidy) return;
    this.#isTidy = true;
    try {
      await deleteAbandoned(temporary, await readTime(temporary, this.#newName()));
    } catch (error) {
      // What was asked for says whether there is space, and whether it may be done.
      if (error instanceof HungCallError) throw error;
    }
  }

  /** Carries out an operation, which completes "refused to …" in the message of a failure. */
  async #named<Answer>(operation: string, act: () => Promise<Answer>): Promise<Answer> {
    try {
      return await act();
    } catch (error) {
      throw folderError(error, this.name, operation);
    }
  }
}

/** Closes a folder at the end of its use. */
async function use<Answer>(folder: HeldFolder, act: () => Promise<Answer>): Promise<Answer> {
  try {
    return await act();
  } finally {
    folder.close();
  }
}
