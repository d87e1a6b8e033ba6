import { type DatumId, ID_BYTES, idOfBytes, writeIdBytes } from '@daggerml/object-model';
import { type FileIdentity, IDENTITY_BYTES, writeIdentity } from './file-identity.ts';
import { LENGTH_BYTES, ListingCursor, type ReadPart, STATE_BYTES } from './listing-cursor.ts';
import { endsRun } from './run-end.ts';

const FIRST_BYTES = 64 * 1024;
/** Bytes of UTF-8 that one unit of a text takes at most. */
const UNIT_BYTES = 3;

/** The parts of a listing that are not as they were. */
export interface ChangedParts {
  readonly partCount: number;
  readonly parts: ReadonlyMap<number, Uint8Array>;
}

/**
 * Compares the files of a folder, in the order of their paths, with what is remembered of them, and makes of both what
 * is to be remembered.
 *
 * Takes the memory of a few parts, however many there are.
 */
export class ListingMerge {
  readonly #cursor: ListingCursor;
  readonly #changed = new Map<number, Uint8Array>();
  #draft: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;
  #entries = 0;
  #part = 0;
  /** The file asked for last: it is added when its datum is known. */
  #path = '';
  #stateAt = 0;

  constructor(partCount: number, readPart: ReadPart) {
    this.#cursor = new ListingCursor(partCount, readPart);
  }

  /** Returns the datum of a file that is remembered in this state; it stays so. */
  find(path: string, identity: FileIdentity): DatumId | undefined {
    const pathStart = this.#length + LENGTH_BYTES;
    this.#reserve(LENGTH_BYTES + path.length * UNIT_BYTES + STATE_BYTES);
    const pathBytes = this.#draft.write(path, pathStart);
    this.#draft.writeUInt16LE(pathBytes, this.#length);
    this.#path = path;
    this.#stateAt = pathStart + pathBytes;
    writeIdentity(identity, this.#draft, this.#stateAt);
    const cursor = this.#cursor;
    if (!cursor.seek(this.#draft, pathStart, this.#stateAt)) return undefined;
    const { bytes, pathEnd } = cursor;
    const known = pathEnd + IDENTITY_BYTES;
    const isSame =
      bytes.compare(this.#draft, this.#stateAt, this.#stateAt + IDENTITY_BYTES, pathEnd, known) === 0;
    return isSame ? idOfBytes<'datum'>(bytes, known) : undefined;
  }

  /** Remembers the datum of the file that was asked for last. */
  add(datumId: DatumId): void {
    const end = this.#stateAt + STATE_BYTES;
    writeIdBytes(datumId, this.#draft, end - ID_BYTES);
    this.#append(end, this.#path);
  }

  /** Keeps what is remembered of a path that is not looked at, and of all below it. */
  pass(path: string): void {
    const bytes = Buffer.from(path);
    const cursor = this.#cursor;
    cursor.seek(bytes, 0, bytes.length);
    for (; cursor.isAtOrBelow(bytes); cursor.advance()) {
      const { start, pathEnd, end } = cursor;
      this.#reserve(end - start);
      cursor.bytes.copy(this.#draft, this.#length, start, end);
      this.#append(this.#length + end - start, cursor.bytes.toString('utf8', start + LENGTH_BYTES, pathEnd));
    }
  }

  /** Ends the listing. */
  finish(): ChangedParts {
    if (this.#entries > 0) this.#cut();
    return { partCount: this.#part, parts: this.#changed };
  }

  #append(end: number, path: string): void {
    this.#length = end;
    this.#entries += 1;
    if (endsRun(path, this.#entries)) this.#cut();
  }

  #cut(): void {
    const bytes = this.#draft.subarray(0, this.#length);
    const before = this.#cursor.takePart(this.#part);
    if (!before?.equals(bytes)) this.#changed.set(this.#part, Uint8Array.from(bytes));
    this.#part += 1;
    this.#length = 0;
    this.#entries = 0;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#draft.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#draft.length * 2));
    grown.set(this.#draft.subarray(0, this.#length));
    this.#draft = grown;
  }
}
