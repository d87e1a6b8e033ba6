import { basename, dirname, resolve } from 'node:path';
import { type RemoteError, remoteError } from '../../errors.ts';
import { errnoOf, type FolderCalls } from './folder-calls.ts';
import { HeldFolder } from './held-folder.ts';

/** The folder of a remote and the folders in it, of which those that are missing are made for a write. */
export class FolderTree {
  readonly calls: FolderCalls;
  readonly #path: string;
  readonly #remote: string;
  /** Folders in the root whose names this process has made durable. */
  readonly #durable = new Set<string>();

  constructor(calls: FolderCalls, path: string, remote: string) {
    this.calls = calls;
    this.#path = resolve(path);
    this.#remote = remote;
  }

  /** Opens the root; undefined when nothing is there. Throws `remote_missing` for anything but a folder. */
  async openRoot(): Promise<HeldFolder | undefined> {
    try {
      return await HeldFolder.openRoot(this.calls, this.#path);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'ENOENT') return undefined;
      // @spec DML-REM-1886
      if (errno === 'ENOTDIR')
        throw remoteError(
          'remote_missing',
          { remote: this.#remote, reason: 'it is not a folder', detail: 'not_a_folder' },
          error,
        );
      throw error;
    }
  }

  /** Opens a folder in the root, or the root for an empty name; undefined when nothing is there. */
  async open(name: string): Promise<HeldFolder | undefined> {
    const root = await this.openRoot();
    if (root === undefined || name === '') return root;
    try {
      return await root.child(name);
    } finally {
      root.close();
    }
  }

  /** Opens the root, which is made where only itself is missing. Throws `remote_missing` where it cannot be. */
  async makeRoot(): Promise<HeldFolder> {
    const present = await this.openRoot();
    if (present !== undefined) return present;
    let parent: HeldFolder;
    const parentPath = dirname(this.#path);
    try {
      parent = await HeldFolder.openRoot(this.calls, parentPath);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      // @spec DML-REM-0625
      throw remoteError(
        'remote_missing',
        {
          remote: this.#remote,
          reason: 'the folder above it does not exist',
          parent: parentPath,
          detail: 'parent',
        },
        error,
      );
    }
    try {
      await makeEntry(parent, basename(this.#path));
      await parent.sync();
    } finally {
      parent.close();
    }
    const made = await this.openRoot();
    if (made === undefined) throw this.#missing('it was removed');
    return made;
  }

  #missing(reason: string): RemoteError {
    return remoteError('remote_missing', { remote: this.#remote, reason });
  }

  /** Opens a folder in the root and makes it where it is missing; its name is durable afterwards. */
  async make(root: HeldFolder, name: string): Promise<HeldFolder> {
    let folder = await root.child(name);
    if (folder === undefined) {
      this.#durable.delete(name);
      await makeEntry(root, name);
      folder = await root.child(name);
    }
    if (folder === undefined) throw this.#missing('it was removed');
    try {
      // Who made it may not have come so far.
      if (!this.#durable.has(name)) await root.sync();
      this.#durable.add(name);
      return folder;
    } catch (error) {
      folder.close();
      throw error;
    }
  }
}

/** Makes a folder, unless others were faster. */
async function makeEntry(parent: HeldFolder, name: string): Promise<void> {
  try {
    await parent.makeEntry(name);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}
