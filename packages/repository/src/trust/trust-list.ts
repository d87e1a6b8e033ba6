import { randomUUID } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isOwnAlone, makeFolder } from '@daggerml/store';
import { repositoryError } from '../errors.ts';

const FILE_NAME = 'trusted';
const OWNER_ONLY = 0o600;

/**
 * The repositories of other users that this user trusts, by the real paths of their folders: a file in the user's
 * configuration folder with one JSON string a line.
 */
export class TrustList {
  /** Path of the file; undefined where the user has no configuration folder. */
  readonly path: string | undefined;

  constructor(configFolder: string | undefined) {
    this.path = configFolder === undefined ? undefined : join(configFolder, FILE_NAME);
  }

  /** Lists the paths; throws `trust_list_unsafe` for a list that others may have written, and `trust_list_unreadable`. */
  paths(): string[] {
    return this.#lines().flatMap(pathOf);
  }

  /** Checks whether the repository in a folder is listed; throws as `paths`. */
  has(folder: string): boolean {
    return this.paths().includes(realPath(folder));
  }

  /** Lists a folder by its real path, which is returned; false in `added` when it was listed already. */
  add(folder: string): { readonly path: string; readonly added: boolean } {
    const path = realPath(folder);
    if (this.paths().includes(path)) return { path, added: false };
    this.#change((file) => {
      const text = readOrEmpty(file);
      const separator = text === '' || text.endsWith('\n') ? '' : '\n';
      // One write, so that two commands at a time lose nothing.
      appendFileSync(file, `${separator}${JSON.stringify(path)}\n`, { mode: OWNER_ONLY });
    });
    return { path, added: true };
  }

  /** Takes a folder off the list, by its real path or as it was listed; false in `removed` when it was not listed. */
  remove(folder: string): { readonly path: string; readonly removed: boolean } {
    const path = realPath(folder);
    const gone = new Set([path, resolve(folder)]);
    const lines = this.#lines();
    const left = lines.filter((line) => !pathOf(line).some((each) => gone.has(each)));
    if (left.length === lines.length) return { path, removed: false };
    this.#change((file) => {
      const draft = `${file}.${randomUUID()}`;
      writeFileSync(draft, left.map((line) => `${line}\n`).join(''), { flag: 'wx', mode: OWNER_ONLY });
      renameSync(draft, file);
    });
    return { path, removed: true };
  }

  #lines(): string[] {
    const text = this.path === undefined ? '' : readOrEmpty(this.path);
    return text.split('\n').filter((line) => line.trim() !== '');
  }

  #change(write: (file: string) => void): void {
    if (this.path === undefined) throw repositoryError('no_user_folder');
    try {
      makeFolder(dirname(this.path));
      // A list that is kept elsewhere and linked to stays there.
      write(realPath(this.path));
    } catch (cause) {
      const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown';
      throw repositoryError('unwritable_folder', { folder: dirname(this.path), reason }, cause);
    }
  }
}

/** Reads a list, which is empty when it is not there. */
function readOrEmpty(path: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    if (reason === 'ENOENT' || reason === 'ENOTDIR') return '';
    // @spec DML-BND-0973
    throw repositoryError('trust_list_unreadable', { path, reason }, cause);
  }
  try {
    // @spec DML-BND-0343
    if (!isOwnAlone(fstatSync(descriptor))) throw repositoryError('trust_list_unsafe', { path });
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

/** Returns the path that a line holds; none for a line that is no path. */
function pathOf(line: string): string[] {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'string' ? [value] : [];
  } catch {
    return [];
  }
}

/** Returns the path without links; one that is gone as it stands. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
