import { randomUUID } from 'node:crypto';
import {
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isKnownDead, isOwnAlone, nodeEnvironment, type ProcessIdentity } from '@daggerml/store';
import { cliError } from '../wording/cli-error.ts';
import type { SeenEntries } from './seen-entries.ts';

const PREFIX = '.dml-export-';
const WORK_NAME = /^\.dml-export-(\d+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** File that names the owner and target of the work. */
const MAKER = 'export.json';
/** Name of the new content until it is complete. */
const NEW = 'new';
/** Name of the earlier content until the new one is in place. */
const OLD = 'old';
const OWNER_ONLY = 0o700;

/** Error codes of a file system without hard links. */
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

interface Maker {
  readonly process: ProcessIdentity;
  readonly target: string;
}

/** Earlier content in a work folder that its export left behind. */
export interface Leftover {
  /** Target of the export. */
  readonly target: string;
  /** Path of the earlier content. */
  readonly path: string;
}

/** A folder beside the target of an export, in which the new is made and the old is kept until all is in place. */
export class ExportWork {
  readonly #folder: string;
  readonly #target: string;

  private constructor(folder: string, target: string) {
    this.#folder = folder;
    this.#target = target;
  }

  /** Makes the work folder in the target's folder; throws what the system answers. */
  static begin(parent: string, target: string): ExportWork {
    const maker: Maker = { process: nodeEnvironment().process, target };
    const work = new ExportWork(join(parent, `${PREFIX}${maker.process.pid}-${randomUUID()}`), target);
    mkdirSync(work.#folder, { mode: OWNER_ONLY });
    writeFileSync(join(work.#folder, MAKER), JSON.stringify(maker), { flag: 'wx' });
    return work;
  }

  /** Path of the file or folder that is made. */
  get made(): string {
    return join(this.#folder, NEW);
  }

  /**
   * Moves what was made to the target. What was seen there goes; what came to stand there meanwhile stays, and then
   * this throws `path_exists` and the target is as it was. Yields where something is kept that came to be among what
   * was seen.
   */
  place(seen: SeenEntries): string | undefined {
    const old = join(this.#folder, OLD);
    if (!seen.isEmpty) this.#moveAside(old, seen);
    try {
      moveWithoutReplacing(this.made, this.#target);
    } catch (error) {
      this.#putBack(old);
      throw error;
    }
    // @spec DML-CLI-0842
    const isClear = seen.isEmpty || seen.removeFrom(old);
    this.discard();
    return isClear ? undefined : old;
  }

  #moveAside(old: string, seen: SeenEntries): void {
    try {
      renameSync(this.#target, old);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    if (seen.isAt(old)) return;
    this.#putBack(old);
    throw cliError('path_exists', { path: this.#target });
  }

  #putBack(old: string): void {
    if (!isThere(old)) return;
    try {
      // @spec DML-CLI-0819
      moveWithoutReplacing(old, this.#target);
    } catch (cause) {
      // @spec DML-CLI-0845
      throw cliError('path_changed', { path: this.#target, kept: old }, cause);
    }
  }

  /** Removes the work folder, but for what was kept of the target. */
  discard(): void {
    removeWork(this.#folder);
  }

  /**
   * Removes what exports into a folder left that were killed, and lists what they kept of their targets: that is not
   * removed. What is not known to be left by the same user's dead process is not touched.
   */
  static clearLeftovers(parent: string): Leftover[] {
    const leftovers: Leftover[] = [];
    const environment = nodeEnvironment();
    for (const name of namesIn(parent)) {
      const pid = WORK_NAME.exec(name)?.[1];
      if (pid === undefined) continue;
      const folder = join(parent, name);
      const maker = makerOf(folder);
      if (maker === undefined) {
        if (environment.probe(Number(pid)).state === 'dead') removeUnbegun(folder);
        continue;
      }
      // @spec DML-CLI-0843
      if (!isKnownDead(maker.process, environment)) continue;
      // @spec DML-CLI-0844
      if (isThere(join(folder, OLD))) leftovers.push({ target: maker.target, path: join(folder, OLD) });
      removeWork(folder);
    }
    return leftovers;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Returns who made a work folder; undefined for one that is not known to be the user's own. */
function makerOf(folder: string): Maker | undefined {
  try {
    if (!isOwnFolder(folder)) return undefined;
    const { process, target } = JSON.parse(readFileSync(join(folder, MAKER), 'utf8')) as Maker;
    return typeof target === 'string' && typeof process?.pid === 'number' ? { process, target } : undefined;
  } catch {
    return undefined;
  }
}

function isOwnFolder(folder: string): boolean {
  const stats = lstatSync(folder);
  return stats.isDirectory() && isOwnAlone(stats);
}

/** Removes what an export left that was killed before it had said whose work it was, in whole. */
function removeUnbegun(folder: string): void {
  try {
    if (!isOwnFolder(folder) || readdirSync(folder).some((name) => name !== MAKER)) return;
    rmSync(join(folder, MAKER), { force: true });
    rmdirSync(folder);
  } catch {
    // It holds something, so it stays.
  }
}

/** Removes what a work folder holds but what stood at the target, and then the folder when it is empty. */
function removeWork(folder: string): void {
  try {
    rmSync(join(folder, NEW), { recursive: true, force: true });
    if (isThere(join(folder, OLD))) return;
    rmSync(join(folder, MAKER), { force: true });
    rmdirSync(folder);
  } catch {
    // The next export beside it tries again.
  }
}

/**
 * Moves a file or folder to a path at which nothing stands; throws `path_exists` when something does, also when it
 * came to stand there at the last moment.
 *
 * @spec DML-CLI-0841
 */
function moveWithoutReplacing(from: string, to: string): void {
  try {
    if (!lstatSync(from).isDirectory()) moveFile(from, to);
    // A rename replaces a folder that is empty, which holds nothing that could be lost; nothing else.
    else if (isThere(to)) throw cliError('path_exists', { path: to });
    else renameSync(from, to);
  } catch (cause) {
    if (isThere(to)) throw cliError('path_exists', { path: to }, cause);
    throw cause;
  }
}

/** Moves a file by a hard link, which does not replace one, as a rename would. */
function moveFile(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!NO_LINKS.has(String((error as NodeJS.ErrnoException).code))) throw error;
    // Taken first, so that whatever is there later is replaced within one moment only.
    closeSync(openSync(to, 'wx'));
    renameSync(from, to);
    return;
  }
  rmSync(from, { force: true });
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // Below a file nothing can be; writing there will say so.
    return false;
  }
}
