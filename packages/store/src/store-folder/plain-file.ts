import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { type StoreError, storeError } from '../errors.ts';
import { FILE_MODE } from './file-rights.ts';

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL } = constants;
/** Windows has neither; there the look before has to do. */
const CAREFUL: number = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Errors of an opening for a link, for a socket or a pipe without a reader, and for a folder. */
const NO_PLAIN_FILE: ReadonlySet<string> = new Set(['ELOOP', 'ENXIO', 'EISDIR']);

/** Errors of the system where nothing is, or nothing that this process may see. */
const NOTHING_SEEN: ReadonlySet<unknown> = new Set([
  'ENOENT',
  'ENOTDIR',
  'EACCES',
  'EPERM',
  'ELOOP',
  'ENAMETOOLONG',
]);

/** Checks whether a look failed because nothing can be seen, and not because the system refused to look. */
export function seesNothing(cause: unknown): boolean {
  return NOTHING_SEEN.has((cause as NodeJS.ErrnoException).code);
}

/**
 * Returns what stands at a path, a link itself and not what it leads to; undefined where nothing can be seen. Throws
 * what the system answers else.
 */
export function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    // What may not be looked at is refused by whoever opens it, with the reason.
    if (seesNothing(cause)) return undefined;
    throw cause;
  }
}

/** Identity of a file on the machine; no other one gets these numbers while a descriptor holds it. */
export interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

export function identityOf(descriptor: number): FileIdentity {
  const { dev, ino } = fstatSync(descriptor, { bigint: true });
  return { dev, ino };
}

export function areSame(one: FileIdentity, other: FileIdentity): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

/** Checks whether a file stands at a path. */
export function isAt(identity: FileIdentity, path: string): boolean {
  try {
    const present = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return present !== undefined && areSame(present, identity);
  } catch (cause) {
    if (seesNothing(cause)) return false;
    throw cause;
  }
}

/** Returns the refusal of what is no plain file; `shownPath` is the path that the user knows. */
export function notPlain(stats: Stats | undefined, shownPath: string): StoreError {
  // Node 20 resolves no link, and so finds no module, while what it looked at last is a pipe or a socket.
  statSync(dirname(shownPath), { throwIfNoEntry: false });
  // @spec DML-STO-0164
  const detail = stats?.isSymbolicLink() ? 'link' : 'not_a_file';
  return storeError('store_damaged', { path: shownPath, detail });
}

/**
 * Opens a regular file and returns its descriptor. Throws `store_damaged` with `link` or `not_a_file` for anything
 * else, without following, waiting for or changing it, and what the system answers.
 */
export function openPlain(path: string, flags: number, shownPath: string = path): number {
  const before = lookAt(path);
  // A device may act on being opened.
  if (before?.isFile() === false) throw notPlain(before, shownPath);
  let descriptor: number;
  try {
    // @spec DML-STO-0165
    descriptor = openSync(path, flags | CAREFUL);
  } catch (cause) {
    if (!NO_PLAIN_FILE.has(String((cause as NodeJS.ErrnoException).code))) throw cause;
    throw notPlain(lookAt(path), shownPath);
  }
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw notPlain(lookAt(path), shownPath);
}

/** Reads a small regular file; throws as `openPlain`. */
export function readPlain(path: string, shownPath: string = path): Buffer {
  const descriptor = openPlain(path, O_RDONLY, shownPath);
  try {
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Creates a regular file where nothing stands, not even a link; throws what the system answers. */
export function createPlain(path: string, mode: number): number {
  return openSync(path, O_WRONLY | O_CREAT | O_EXCL | CAREFUL, mode);
}

/**
 * Makes sure that a regular file stands at a path; one that is there is left as it is. Throws `store_damaged` with
 * `link` or `not_a_file` for anything else there, and what the system answers.
 */
export function ensurePlain(path: string, text: string): void {
  let descriptor: number;
  try {
    descriptor = createPlain(path, FILE_MODE);
  } catch (cause) {
    const present = lookAt(path);
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST' || present?.isFile()) {
      if (present?.isFile()) return;
      throw cause;
    }
    throw notPlain(present, path);
  }
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
