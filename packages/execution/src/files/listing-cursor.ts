import { ID_BYTES } from '@daggerml/object-model';
import { IDENTITY_BYTES } from './file-identity.ts';

/** Length of a path in front of it. */
export const LENGTH_BYTES = 2;
/** Size of the state behind the path of an entry: identity and datum. */
export const STATE_BYTES: number = IDENTITY_BYTES + ID_BYTES;

const SLASH = 0x2f;

/** Reads a part of what is remembered; undefined when it is lost. */
export type ReadPart = (part: number) => Buffer | undefined;

/**
 * The entries of a listing, one after the other: path, identity and datum of a file, in the order of the paths.
 */
export class ListingCursor {
  readonly #readPart: ReadPart;
  readonly #partCount: number;
  /** Parts that were read and may be asked for once more. */
  readonly #parts = new Map<number, Buffer | undefined>();
  #next = 0;
  bytes: Buffer = Buffer.alloc(0);
  /** Offsets of the entry, of the end of its path, and of its end; equal when there is no entry. */
  start = 0;
  pathEnd = 0;
  end = 0;

  constructor(partCount: number, readPart: ReadPart) {
    this.#partCount = partCount;
    this.#readPart = readPart;
    this.advance();
  }

  /** Moves to the next entry. */
  advance(): void {
    for (;;) {
      this.start = this.end;
      if (this.start < this.bytes.length) {
        this.pathEnd = this.start + LENGTH_BYTES + this.bytes.readUInt16LE(this.start);
        this.end = this.pathEnd + STATE_BYTES;
        return;
      }
      this.end = 0;
      this.start = 0;
      if (this.#next >= this.#partCount) {
        this.bytes = this.bytes.subarray(0, 0);
        return;
      }
      this.bytes = this.#partAt(this.#next++) ?? Buffer.alloc(0);
    }
  }

  get hasEntry(): boolean {
    return this.end > this.start;
  }

  /** Moves to the entry of the path in `path[from..to)`, or to the first one behind it; returns whether it exists. */
  seek(path: Buffer, from: number, to: number): boolean {
    while (this.hasEntry) {
      const order = this.bytes.compare(path, from, to, this.start + LENGTH_BYTES, this.pathEnd);
      if (order >= 0) return order === 0;
      this.advance();
    }
    return false;
  }

  /** Checks whether the entry is that of a path, or of one below it. */
  isAtOrBelow(path: Buffer): boolean {
    const start = this.start + LENGTH_BYTES;
    const end = start + path.length;
    if (!this.hasEntry || end > this.pathEnd) return false;
    return (
      this.bytes.compare(path, 0, path.length, start, end) === 0 &&
      (end === this.pathEnd || this.bytes[end] === SLASH)
    );
  }

  /** Returns a part as it was stored; it is not asked for again. */
  takePart(part: number): Buffer | undefined {
    const bytes = this.#partAt(part);
    this.#parts.delete(part);
    return bytes;
  }

  #partAt(part: number): Buffer | undefined {
    if (part >= this.#partCount) return undefined;
    if (!this.#parts.has(part)) this.#parts.set(part, this.#readPart(part));
    return this.#parts.get(part);
  }
}
