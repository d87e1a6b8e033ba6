import { createHash } from 'node:crypto';
import { type DatumId, type DirectoryEntry, idOfBytes } from '@daggerml/object-model';
import { ID_BYTES } from './listing-cursor.ts';
import { endsRun } from './run-end.ts';

const FILE = 0;
const EXECUTABLE = 1;
const LINK = 2;
const EMPTY_FOLDER = 3;

const FIRST_ENTRIES = 1024;
const FIRST_BYTES = 64 * 1024;
const UNIT_BYTES = 3;
/** Kind and lengths of an entry. */
const HEAD_BYTES = 5;
export const DIGEST_BYTES = 32;

/** Entries that follow one another, and the digest of what they are. */
export interface EntryRun {
  /** Number of the first entry behind the run. */
  readonly end: number;
  readonly digest: string;
}

/** The entries of a directory in the order of their paths, with the digests of runs of them. */
export class TakenEntries {
  readonly #paths: string[] = [];
  #kinds: Uint8Array = new Uint8Array(FIRST_ENTRIES);
  /** True when the datum of a file is remembered rather than read. */
  #remembered: Uint8Array = new Uint8Array(FIRST_ENTRIES);
  #ids: Uint8Array = new Uint8Array(FIRST_ENTRIES * ID_BYTES);
  readonly #targets = new Map<number, string>();
  readonly #runs: EntryRun[] = [];
  #packed: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #packedLength = 0;

  get count(): number {
    return this.#paths.length;
  }

  /** The runs, once `finish` was called. */
  get runs(): readonly EntryRun[] {
    return this.#runs;
  }

  addFile(path: string, datumId: Uint8Array, { isExecutable, isRemembered }: FileFacts): void {
    const number = this.#grown();
    this.#ids.set(datumId, number * ID_BYTES);
    this.#remembered[number] = isRemembered ? 1 : 0;
    this.#add(path, isExecutable ? EXECUTABLE : FILE, datumId);
  }

  addLink(path: string, target: string): void {
    this.#targets.set(this.#grown(), target);
    this.#add(path, LINK, Buffer.from(target));
  }

  addEmptyFolder(path: string): void {
    this.#grown();
    this.#add(path, EMPTY_FOLDER, NOTHING);
  }

  /** Ends the last run. */
  finish(): void {
    if (this.#packedLength > 0) this.#cut();
  }

  path(number: number): string {
    return this.#paths[number] as string;
  }

  /** Returns the datum of a file, where it is a plain one. */
  plainDatumId(number: number): DatumId | undefined {
    return this.#kinds[number] === FILE ? this.#datumId(number) : undefined;
  }

  /** Returns the datum of a file that is remembered. */
  rememberedDatumId(number: number): DatumId | undefined {
    return this.#remembered[number] === 1 ? this.#datumId(number) : undefined;
  }

  entry(number: number): DirectoryEntry {
    const path = this.path(number);
    const kind = this.#kinds[number];
    if (kind === LINK) return { kind: 'link', path, target: this.#targets.get(number) as string };
    if (kind === EMPTY_FOLDER) return { kind: 'empty-folder', path };
    return { kind: 'file', path, blobDatumId: this.#datumId(number), isExecutable: kind === EXECUTABLE };
  }

  *entries(): Generator<DirectoryEntry> {
    for (let number = 0; number < this.count; number += 1) yield this.entry(number);
  }

  #datumId(number: number): DatumId {
    return idOfBytes<'datum'>(this.#ids, number * ID_BYTES);
  }

  /** Makes room for an entry and returns its number. */
  #grown(): number {
    const number = this.count;
    if (number === this.#kinds.length) {
      this.#kinds = doubled(this.#kinds);
      this.#remembered = doubled(this.#remembered);
      this.#ids = doubled(this.#ids);
    }
    return number;
  }

  #add(path: string, kind: number, content: Uint8Array): void {
    this.#kinds[this.count] = kind;
    this.#paths.push(path);
    const needed = this.#packedLength + HEAD_BYTES + path.length * UNIT_BYTES + content.length;
    if (needed > this.#packed.length) {
      const grown = Buffer.allocUnsafe(needed * 2);
      grown.set(this.#packed.subarray(0, this.#packedLength));
      this.#packed = grown;
    }
    const at = this.#packedLength;
    const pathBytes = this.#packed.write(path, at + HEAD_BYTES);
    this.#packed[at] = kind;
    this.#packed.writeUInt16LE(pathBytes, at + 1);
    this.#packed.writeUInt16LE(content.length, at + 3);
    this.#packed.set(content, at + HEAD_BYTES + pathBytes);
    this.#packedLength = at + HEAD_BYTES + pathBytes + content.length;
    if (endsRun(path, this.count - (this.#runs.at(-1)?.end ?? 0))) this.#cut();
  }

  #cut(): void {
    const packed = this.#packed.subarray(0, this.#packedLength);
    this.#runs.push({ end: this.count, digest: createHash('sha256').update(packed).digest('hex') });
    this.#packedLength = 0;
  }
}

interface FileFacts {
  readonly isExecutable: boolean;
  readonly isRemembered: boolean;
}

const NOTHING = new Uint8Array();

function doubled(bytes: Uint8Array): Uint8Array {
  const grown = new Uint8Array(bytes.length * 2);
  grown.set(bytes);
  return grown;
}
