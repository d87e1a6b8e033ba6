import { randomUUID } from 'node:crypto';
import { closeSync, linkSync, lstatSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { standsAt } from '@daggerml/repository';
import { errnoOf } from '../process/errno.ts';
import { cliError } from '../wording/cli-error.ts';

const OWNER_ONLY = 0o700;

/** Error codes of a file system without hard links. */
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/**
 * A folder next to the target of an export, in which the new content is made, and the old one kept until the new one is
 * in place.
 */
export class ExportWork {
  readonly #folder: string;
  readonly #target: string;

  /** Makes the work folder; throws what the system answers. */
  constructor(target: string) {
    this.#target = target;
    this.#folder = join(dirname(target), `.dml-export-${randomUUID()}`);
    mkdirSync(this.#folder, { mode: OWNER_ONLY });
  }

  /** Path of the file or folder that is made. */
  get made(): string {
    return join(this.#folder, 'new');
  }

  get #old(): string {
    return join(this.#folder, 'old');
  }

  /**
   * Moves what was made to the target, where `isForced` in the place of what is there. Throws `path_exists` for what is
   * there otherwise, and `path_changed` for what came to be there at the last moment.
   */
  place(isForced: boolean): string | undefined {
    // A crash from here on leaves the old content next to the target. @spec DML-CLI-2900
    if (isForced && standsAt(this.#target)) renameSync(this.#target, this.#old);
    try {
      moveWithoutReplacing(this.made, this.#target);
    } catch (error) {
      this.#putBack();
      throw error;
    }
    try {
      rmSync(this.#folder, { recursive: true, force: true });
      return undefined;
    } catch {
      // The new content is in its place.
      return this.#folder;
    }
  }

  #putBack(): void {
    if (!standsAt(this.#old)) return;
    try {
      // @spec DML-CLI-0819
      moveWithoutReplacing(this.#old, this.#target);
    } catch (cause) {
      // @spec DML-CLI-0845
      throw cliError('path_changed', { path: this.#target, kept: this.#old }, cause);
    }
  }

  /** Removes what was made, and the work folder unless it keeps the old content. */
  discard(): void {
    rmSync(standsAt(this.#old) ? this.made : this.#folder, { recursive: true, force: true });
  }
}

/**
 * Moves a file or folder to a path at which nothing stands; throws `path_exists` when something does, also when it
 * came to stand there at the last moment.
 *
 * @spec DML-CLI-2901
 */
function moveWithoutReplacing(from: string, to: string): void {
  try {
    if (!lstatSync(from).isDirectory()) moveFile(from, to);
    // A rename replaces a folder that is empty, which holds nothing that could be lost; nothing else.
    else if (standsAt(to)) throw cliError('path_exists', { path: to });
    else renameSync(from, to);
  } catch (cause) {
    if (standsAt(to)) throw cliError('path_exists', { path: to }, cause);
    throw cause;
  }
}

/** Moves a file by a hard link, which does not replace one, as a rename would. */
function moveFile(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!NO_LINKS.has(errnoOf(error))) throw error;
    // Taken first, so that whatever is there later is replaced within one moment only.
    closeSync(openSync(to, 'wx'));
    renameSync(from, to);
    return;
  }
  rmSync(from, { force: true });
}
