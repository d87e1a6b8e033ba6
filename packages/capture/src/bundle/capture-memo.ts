import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  futimesSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isOwnAlone, makeFolder } from '@daggerml/store';

/** Bounds of a folder of kept work. */
export interface MemoLimits {
  readonly sizeBytes: number;
  readonly unusedMs: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const LIMITS: MemoLimits = { sizeBytes: 64 * 1024 * 1024, unusedMs: 30 * DAY_MS };

/** What a process that was killed may have left. */
const SCRATCH_PREFIX = 'scratch-';
const SCRATCH_MS = 60 * 60 * 1000;
const CHECKSUM_CHARACTERS = 64;

const OWNER_ONLY_FOLDER = 0o700;
// @spec DML-EXE-0546
const OWNER_ONLY_FILE = 0o600;
const { O_RDONLY } = constants;
const CAREFUL: number = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * A folder of files that keep results of pure functions under the digest of all that they depend on.
 *
 * Any number of processes of one user may use it at a time. Every file may go at any time, and what cannot be read or
 * written is as if it were not there. Whoever can write to it decides what code a capture yields, so a folder or a
 * file that somebody else owns, or may write to, is as if it were not there either.
 */
export class CaptureMemo {
  readonly #folder: string;
  readonly #limits: MemoLimits;
  #isPruned = false;
  #isOwn: boolean | undefined;

  constructor(folder: string, limits: MemoLimits = LIMITS) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /** Yields the bytes kept under a key; undefined also for those that are damaged. */
  get(key: string): Buffer | undefined {
    if (!this.#isUsable()) return undefined;
    try {
      const file = readOwn(join(this.#folder, key));
      const bytes = file.subarray(CHECKSUM_CHARACTERS);
      // @spec DML-EXE-0530
      if (file.toString('latin1', 0, CHECKSUM_CHARACTERS) !== checksumOf(key, bytes)) return undefined;
      return bytes;
    } catch {
      return undefined;
    }
  }

  put(key: string, bytes: Uint8Array): void {
    if (!this.#isUsable()) return;
    const draft = join(this.#folder, `${SCRATCH_PREFIX}${randomUUID()}`);
    try {
      this.#prune();
      const content = Buffer.concat([Buffer.from(checksumOf(key, bytes), 'latin1'), bytes]);
      writeFileSync(draft, content, { flag: 'wx', mode: OWNER_ONLY_FILE });
      renameSync(draft, join(this.#folder, key));
    } catch {
      this.#discard(draft);
    }
  }

  /** Runs work that needs files by their names in a folder of its own, which is gone afterwards. */
  withFiles<Result>(files: Readonly<Record<string, string>>, work: (folder: string) => Result): Result {
    if (!this.#isUsable()) throw new Error('there is no folder for it');
    const folder = join(this.#folder, `${SCRATCH_PREFIX}${randomUUID()}`);
    try {
      mkdirSync(folder, { mode: OWNER_ONLY_FOLDER });
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
      return work(folder);
    } finally {
      this.#discard(folder);
    }
  }

  /** Checks whether the folder is the user's own, and makes it where nothing is; once for all. */
  #isUsable(): boolean {
    this.#isOwn ??= isOwnFolder(this.#folder);
    return this.#isOwn;
  }

  /** What cannot be removed now is when another process prunes. */
  #discard(draft: string): void {
    try {
      rmSync(draft, { recursive: true, force: true });
    } catch {
      // It is in nobody's way.
    }
  }

  /** @spec DML-EXE-0531 */
  #prune(): void {
    if (this.#isPruned) return;
    this.#isPruned = true;
    const nowMs = Date.now();
    const files = readdirSync(this.#folder).flatMap((name) => {
      const stat = lstatSync(join(this.#folder, name), { throwIfNoEntry: false });
      return stat ? [{ name, sizeBytes: stat.size, ageMs: nowMs - stat.mtimeMs }] : [];
    });
    files.sort((a, b) => a.ageMs - b.ageMs);
    let sizeBytes = 0;
    for (const file of files) {
      const isScratch = file.name.startsWith(SCRATCH_PREFIX);
      if (!isScratch) sizeBytes += file.sizeBytes;
      const isKept = isScratch
        ? file.ageMs < SCRATCH_MS
        : file.ageMs <= this.#limits.unusedMs && sizeBytes <= this.#limits.sizeBytes;
      if (!isKept) rmSync(join(this.#folder, file.name), { recursive: true, force: true });
    }
  }
}

/** @spec DML-EXE-0541 */
function isOwnFolder(folder: string): boolean {
  try {
    makeFolder(dirname(folder));
    makeOnce(folder);
    const stats = lstatSync(folder);
    return stats.isDirectory() && isOwnAlone(stats);
  } catch {
    return false;
  }
}

function makeOnce(folder: string): void {
  try {
    mkdirSync(folder, { mode: OWNER_ONLY_FOLDER });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Reads a file that nobody else owns or may write to, and notes that it was used. */
function readOwn(path: string): Buffer {
  const descriptor = openSync(path, O_RDONLY | CAREFUL);
  try {
    const stats = fstatSync(descriptor);
    // @spec DML-EXE-0542
    if (!stats.isFile() || !isOwnAlone(stats)) throw new Error('not a file of this user alone');
    noteUse(descriptor, stats);
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function noteUse(descriptor: number, { mtimeMs }: Stats): void {
  const now = new Date();
  if (now.getTime() - mtimeMs > DAY_MS) futimesSync(descriptor, now, now);
}

/** Yields the key of a result: no two lists of parts have the same. */
export function memoKey(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.digest('hex');
}

/** Bound to the key: a file under another name is damaged. */
function checksumOf(key: string, bytes: Uint8Array): string {
  return memoKey([key, bytes]);
}
