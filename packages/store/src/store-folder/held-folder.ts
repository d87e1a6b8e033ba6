import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  type Stats,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { openError } from '../engine/engine-error.ts';
import { storeError } from '../errors.ts';
import { FILE_MODE } from './file-rights.ts';
import { createPlain, identityOf, isAt, lookAt, notPlain, openPlain, readPlain } from './plain-file.ts';

const FOLDER_FLAGS: number = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0);

/**
 * A folder whose entries are reached through an open descriptor: whatever takes the place of the folder, or of one
 * above it, is none of it. No link in it is followed.
 *
 * Where the system has no `/proc`, each step looks first whether the folder still stands at its path.
 */
export class HeldFolder {
  /** The path that the folder had when it was opened, without links. */
  readonly path: string;
  readonly #descriptor: number;
  readonly #way: string | undefined;

  private constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
    const way = `/proc/self/fd/${descriptor}`;
    this.#way = isAt(identityOf(descriptor), `${way}/`) ? way : undefined;
  }

  /**
   * Opens the folder at a path; parents are resolved once, as the caller named them. Throws `store_damaged` with
   * `link` for a link, and what the system answers, also when nothing is there.
   */
  static open(path: string): HeldFolder {
    const whole = resolve(path);
    return HeldFolder.#openAt(join(realpathSync(dirname(whole)), basename(whole)));
  }

  static #openAt(path: string, shownPath: string = path): HeldFolder {
    let descriptor: number;
    try {
      descriptor = openSync(path, FOLDER_FLAGS);
    } catch (cause) {
      refuseLink(path, shownPath);
      throw cause;
    }
    try {
      return new HeldFolder(shownPath, descriptor);
    } catch (cause) {
      closeSync(descriptor);
      // The folder is there, whatever the reason is.
      throw openError(cause, { path: shownPath, detail: 'prepare' });
    }
  }

  /** Opens a folder in this one; throws as `open`. */
  folder(name: string): HeldFolder {
    return HeldFolder.#openAt(this.reach(name), this.pathOf(name));
  }

  /** Returns the path of an entry as the user knows it. */
  pathOf(name: string): string {
    return join(this.path, name);
  }

  /** Returns a path that leads to an entry of this very folder now; for the system alone. */
  reach(name: string): string {
    if (this.#way !== undefined) return `${this.#way}/${name}`;
    if (!this.isInPlace()) throw storeError('store_gone', { path: this.path });
    return this.pathOf(name);
  }

  /** True when entries are reached through the descriptor. */
  get isPinned(): boolean {
    return this.#way !== undefined;
  }

  /** Checks whether the folder still stands at its path. */
  isInPlace(): boolean {
    return isAt(identityOf(this.#descriptor), this.path);
  }

  /** Returns what the folder itself is. */
  stats(): Stats {
    return fstatSync(this.#descriptor);
  }

  /** Returns what an entry is, a link itself; undefined where nothing can be seen. */
  look(name: string): Stats | undefined {
    return lookAt(this.reach(name));
  }

  /** Throws `store_damaged` when something stands at a name that is no regular file. */
  assertPlain(name: string): void {
    const stats = this.look(name);
    if (stats?.isFile() === false) throw notPlain(stats, this.pathOf(name));
  }

  /** Opens a regular file of the folder; throws as `openPlain`. */
  openFile(name: string, flags: number): number {
    return openPlain(this.reach(name), flags, this.pathOf(name));
  }

  /** Reads a small regular file of the folder; throws as `openPlain`. */
  readFile(name: string): Buffer {
    return readPlain(this.reach(name), this.pathOf(name));
  }

  /** Creates a file that is not there. */
  createFile(name: string, mode: number): number {
    return createPlain(this.reach(name), mode);
  }

  /** Creates a small file that is not there, with a text that is on the disk when this returns. */
  writeNewFile(name: string, text: string): void {
    const descriptor = this.createFile(name, FILE_MODE);
    try {
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Makes a folder that is not there. */
  makeFolder(name: string, mode: number): HeldFolder {
    mkdirSync(this.reach(name), { mode });
    return this.folder(name);
  }

  names(): string[] {
    return readdirSync(this.reach(''));
  }

  /** Renames an entry; `into` is the folder that it moves to, this one by default. */
  rename(from: string, to: string, into: HeldFolder = this): void {
    renameSync(this.reach(from), into.reach(to));
  }

  /** Removes an entry that is no folder; one that is gone is no error. A link goes, what it leads to stays. */
  removeFile(name: string): void {
    try {
      unlinkSync(this.reach(name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  /** Removes a folder that is empty, and nothing else. */
  removeEmptyFolder(name: string): void {
    rmdirSync(this.reach(name));
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function refuseLink(path: string, shownPath: string): void {
  // @spec DML-STO-0166
  if (lookAt(path)?.isSymbolicLink()) throw storeError('store_damaged', { path: shownPath, detail: 'link' });
}
