import { close, constants, fdatasync, fstat, fsync, open, read, type Stats, write } from 'node:fs';
import { promisify } from 'node:util';
import type { ByteRange } from '../remote-files.ts';
import { errnoOf, type FolderCalls, HungCallError } from './folder-calls.ts';
import { MisplacedError } from './folder-error.ts';
import type { HeldFolder } from './held-folder.ts';

const system = {
  close: promisify(close),
  fdatasync: promisify(fdatasync),
  fstat: promisify(fstat),
  fsync: promisify(fsync),
  open: promisify(open),
  read: promisify(read),
  write: promisify(write),
};

const { O_CREAT, O_EXCL, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
/** Neither follows a link nor waits for the other end of a pipe. */
const CAREFUL = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
/** Answers to the opening of a link, of a socket or device, and of a folder. */
const NOT_PLAIN: ReadonlySet<unknown> = new Set([
  'ELOOP',
  'EMLINK',
  'ENXIO',
  'ENODEV',
  'EISDIR',
  'EOPNOTSUPP',
]);

/** Bytes of one system call, so that its time limit is one of a part of the file. */
const PART_BYTES = 4 * 2 ** 20;
/** Bytes that are written before they are made durable, for the same reason. */
const SYNC_BYTES = 16 * 2 ** 20;

/** A regular file of a folder that is open. */
class PlainFile {
  readonly path: string;
  readonly #calls: FolderCalls;
  readonly #descriptor: number;

  private constructor(calls: FolderCalls, path: string, descriptor: number) {
    this.#calls = calls;
    this.path = path;
    this.#descriptor = descriptor;
  }

  static async open(folder: HeldFolder, name: string, flags: number): Promise<PlainFile> {
    const path = await folder.reach(name);
    const { calls } = folder;
    const opening = (): Promise<number> => system.open(path, flags | CAREFUL, 0o666);
    const descriptor = await calls.run('open', folder.shown(name), opening, (late) => close(late, () => {}));
    return new PlainFile(calls, folder.shown(name), descriptor);
  }

  stats(): Promise<Stats> {
    return this.#calls.run('look', this.path, () => system.fstat(this.#descriptor));
  }

  /** Reads up to the end of the file. */
  async readInto(bytes: Uint8Array, offset: number): Promise<number> {
    let filled = 0;
    while (filled < bytes.length) {
      const length = Math.min(PART_BYTES, bytes.length - filled);
      const part = (): Promise<{ bytesRead: number }> =>
        system.read(this.#descriptor, bytes, filled, length, offset + filled);
      const { bytesRead } = await this.#calls.run('read', this.path, part);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  }

  /** Writes a whole file and makes its bytes durable. */
  async writeAll(bytes: Uint8Array): Promise<void> {
    let unsyncedBytes = 0;
    for (let written = 0; written < bytes.length; ) {
      const length = Math.min(PART_BYTES, bytes.length - written);
      const part = (): Promise<{ bytesWritten: number }> =>
        system.write(this.#descriptor, bytes, written, length, written);
      const { bytesWritten } = await this.#calls.run('write', this.path, part);
      written += bytesWritten;
      unsyncedBytes += bytesWritten;
      if (unsyncedBytes < SYNC_BYTES) continue;
      unsyncedBytes = 0;
      await this.#calls.run('sync', this.path, () => system.fdatasync(this.#descriptor));
    }
    await this.#calls.run('sync', this.path, () => system.fsync(this.#descriptor));
  }

  /** Ends the use of a file that was written, with the failures of writing that a file system reports only then. */
  async closeWritten(): Promise<void> {
    await this.#calls.run('close', this.path, () => system.close(this.#descriptor));
  }

  close(): void {
    close(this.#descriptor, () => {});
  }
}

/** Longest file that is read as a whole. */
const MAX_WHOLE_BYTES = 2 ** 31;

/**
 * Reads a regular file, whole or a range, up to its end; undefined when it is absent. Throws `MisplacedError` for
 * anything else there.
 */
export async function readPlain(
  folder: HeldFolder,
  name: string,
  { range, maxBytes = MAX_WHOLE_BYTES }: { readonly range?: ByteRange; readonly maxBytes?: number } = {},
): Promise<Uint8Array | undefined> {
  let file: PlainFile;
  try {
    file = await PlainFile.open(folder, name, O_RDONLY);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return undefined;
    if (!NOT_PLAIN.has(errno)) throw error;
    const isLink = (await folder.look(name))?.isSymbolicLink();
    throw new MisplacedError(folder.shown(name), isLink ? 'link' : 'not_a_file');
  }
  try {
    const stats = await file.stats();
    if (!stats.isFile()) throw new MisplacedError(file.path, 'not_a_file');
    const { offset, length } = range ?? { offset: 0, length: stats.size };
    const byteCount = Math.max(0, Math.min(length, stats.size - offset));
    if (byteCount > maxBytes) throw new MisplacedError(file.path, 'too_large');
    const bytes = Buffer.allocUnsafeSlow(byteCount);
    const filled = await file.readInto(bytes, offset);
    return new Uint8Array(bytes.buffer, 0, filled);
  } finally {
    file.close();
  }
}

/**
 * Creates a file whose bytes are durable afterwards, though its name need not be. Leaves nothing where it fails, unless
 * the file system does not answer any more. Returns the time at which the file system says it was written.
 *
 * @spec DML-REM-0605
 */
export async function writeNew(folder: HeldFolder, name: string, bytes: Uint8Array): Promise<number> {
  const file = await PlainFile.open(folder, name, O_WRONLY | O_CREAT | O_EXCL);
  let isOpen = true;
  try {
    await file.writeAll(bytes);
    const { mtimeMs } = await file.stats();
    isOpen = false;
    await file.closeWritten();
    return Math.trunc(mtimeMs);
  } catch (error) {
    if (isOpen) file.close();
    await removeAfter(error, () => folder.unlink(name));
    throw error;
  }
}

/** Removes what a failed step left, unless the file system did not answer; what stays is a temporary file. */
export async function removeAfter(error: unknown, remove: () => Promise<void>): Promise<void> {
  if (error instanceof HungCallError) return;
  await remove().catch(() => undefined);
}
