import { createHash, randomUUID } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

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

/**
 * A folder of files that keep results of pure functions under the digest of all that they depend on.
 *
 * Any number of processes may use it at a time. Every file may go at any time, and what cannot be read or written
 * is as if it were not there.
 */
export class CaptureMemo {
  readonly #folder: string;
  readonly #limits: MemoLimits;
  #isPruned = false;

  constructor(folder: string, limits: MemoLimits = LIMITS) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /** Yields the bytes kept under a key; undefined also for those that are damaged. */
  get(key: string): Buffer | undefined {
    const path = join(this.#folder, key);
    try {
      const file = readFileSync(path);
      const bytes = file.subarray(CHECKSUM_CHARACTERS);
      // @spec DML-EXE-0530
      if (file.toString('latin1', 0, CHECKSUM_CHARACTERS) !== checksumOf(key, bytes)) return undefined;
      this.#noteUse(path);
      return bytes;
    } catch {
      return undefined;
    }
  }

  put(key: string, bytes: Uint8Array): void {
    const draft = join(this.#folder, `${SCRATCH_PREFIX}${randomUUID()}`);
    try {
      mkdirSync(this.#folder, { recursive: true });
      this.#prune();
      writeFileSync(draft, Buffer.concat([Buffer.from(checksumOf(key, bytes), 'latin1'), bytes]));
      renameSync(draft, join(this.#folder, key));
    } catch {
      this.#discard(draft);
    }
  }

  /** Runs work that needs files by their names in a folder of its own, which is gone afterwards. */
  withFiles<Result>(files: Readonly<Record<string, string>>, work: (folder: string) => Result): Result {
    const folder = join(this.#folder, `${SCRATCH_PREFIX}${randomUUID()}`);
    try {
      mkdirSync(folder, { recursive: true });
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
      return work(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** What cannot be removed now is when another process prunes. */
  #discard(draft: string): void {
    try {
      rmSync(draft, { force: true });
    } catch {
      // A folder that is no folder.
    }
  }

  #noteUse(path: string): void {
    const now = new Date();
    if (now.getTime() - statSync(path).mtimeMs > DAY_MS) utimesSync(path, now, now);
  }

  /** @spec DML-EXE-0531 */
  #prune(): void {
    if (this.#isPruned) return;
    this.#isPruned = true;
    const nowMs = Date.now();
    const files = readdirSync(this.#folder).flatMap((name) => {
      const stat = statSync(join(this.#folder, name), { throwIfNoEntry: false });
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
