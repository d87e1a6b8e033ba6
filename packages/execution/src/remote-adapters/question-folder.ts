import { constants, mkdirSync, realpathSync } from 'node:fs';
import { type FileHandle, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ListedFile } from '@daggerml/remotes';
import { LineSplitter } from '../adapters/executable/line-splitter.ts';

type Utf8 = InstanceType<typeof TextDecoder>;

/** Error about an adapter that left something wrong; the message follows its name. */
export class WrongFile extends Error {}

/** Neither follows a link nor waits for the other end of a pipe. */
const CAREFUL = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const PIECE_BYTES = 64 * 1024;
/** A path of a remote and its size, as JSON. */
const MAX_ENTRY_BYTES = 8192;

/** The folder of one question, through which its bytes go: in one file, whose name no answer decides. */
export class QuestionFolder {
  readonly file: string;
  readonly #path: string;
  #isUsed = false;

  constructor(path: string) {
    this.#path = path;
    this.file = join(path, 'bytes');
    mkdirSync(path, { mode: 0o700 });
  }

  /** Makes it ready for a process: with the bytes that it gets, and without what another one has left. */
  async prepare(bytes: Uint8Array | undefined): Promise<void> {
    if (this.#isUsed) await rm(this.file, { recursive: true, force: true });
    this.#isUsed = true;
    if (bytes) await writeFile(this.file, bytes, { flag: 'wx', mode: 0o600 });
  }

  /** Returns the bytes that the adapter wrote, which are never more than a limit. Throws `WrongFile`. */
  async take(maxBytes: number): Promise<Uint8Array> {
    const { handle, sizeBytes } = await this.#open(maxBytes);
    try {
      const bytes = new Uint8Array(sizeBytes);
      let filled = 0;
      while (filled < sizeBytes) {
        const { bytesRead } = await handle.read(bytes, filled, sizeBytes - filled, filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    } finally {
      await handle.close();
    }
  }

  /** Iterates over the files of the list that the adapter wrote, with few of them in memory. Throws `WrongFile`. */
  async *entries(prefix: string, maxBytes: number): AsyncGenerator<ListedFile, void, undefined> {
    const { handle, sizeBytes } = await this.#open(maxBytes);
    const splitter = new LineSplitter(MAX_ENTRY_BYTES);
    const utf8 = new TextDecoder('utf-8', { fatal: true });
    const entryOf = (line: Uint8Array): ListedFile => listedFile(line, { utf8, prefix });
    try {
      // A file that grows all the time ends here as well.
      for (let at = 0; at < sizeBytes; ) {
        const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, sizeBytes - at));
        const { bytesRead } = await handle.read(piece, 0, piece.length, at);
        if (bytesRead === 0) break;
        at += bytesRead;
        const { lines, isTooLong } = splitter.add(piece.subarray(0, bytesRead));
        yield* lines.map(entryOf);
        if (isTooLong) throw new WrongFile(`wrote a list with a line of more than ${MAX_ENTRY_BYTES} bytes`);
      }
      const rest = splitter.rest();
      if (rest.length > 0) yield entryOf(rest);
    } finally {
      await handle.close();
    }
  }

  /** Removes the folder; what cannot be removed goes with the folder of all. */
  async remove(): Promise<void> {
    await rm(this.#path, { recursive: true, force: true }).catch(() => {});
  }

  /** @spec DML-REM-0659 */
  async #open(maxBytes: number): Promise<{ readonly handle: FileHandle; readonly sizeBytes: number }> {
    let handle: FileHandle;
    try {
      handle = await open(this.file, CAREFUL);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new WrongFile(
        code === 'ENOENT' ? 'did not write the file of its answer' : `left no plain file to read (${code})`,
      );
    }
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw new WrongFile('left something else in the place of a file');
      if (realpathSync(this.#path) !== this.#path)
        throw new WrongFile('put a link in the place of the folder of its question');
      // @spec DML-REM-0660
      if (stats.size > maxBytes)
        throw new WrongFile(`wrote ${stats.size} bytes where ${maxBytes} are allowed`);
      return { handle, sizeBytes: stats.size };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }
}

function listedFile(
  line: Uint8Array,
  { utf8, prefix }: { readonly utf8: Utf8; readonly prefix: string },
): ListedFile {
  let json: Partial<ListedFile> | null;
  try {
    json = JSON.parse(utf8.decode(line));
  } catch {
    throw new WrongFile('wrote a list with a line that is no JSON');
  }
  const { path, sizeBytes } = json ?? {};
  const isSize = Number.isSafeInteger(sizeBytes) && (sizeBytes as number) >= 0;
  if (typeof path !== 'string' || !path.startsWith(prefix) || !isSize)
    throw new WrongFile(`wrote a list with what is no file below "${prefix}"`);
  return { path, sizeBytes: sizeBytes as number };
}
