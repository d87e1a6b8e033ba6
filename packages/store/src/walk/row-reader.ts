import { hashBytes, isDmlError, isNewerFormat, type ObjectId, objectClassOf } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { failedRead, hasRow } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import { isTombstone } from '../objects/tombstone.ts';
import { CLASS_BYTES, isIdAt, isNewerClass, OBJECT_KEY_BYTES } from '../tables/keyspace.ts';
import { LinkScan } from './link-scan.ts';
import type { ObjectKeySet } from './object-key-set.ts';

/**
 * State of the row under an object's key: its bytes, nothing, nothing with a stub, a tombstone, bytes that are not the
 * object's or no record, or a record of a newer format. Of the last two it is unknown what they link to.
 */
export type RowState = 'present' | 'absent' | 'withheld' | 'excised' | 'damaged' | 'newer';

const CHUNK = CLASS_BYTES.chunk;

/** Id and bytes of a record that was looked at. */
export interface LookedRecord {
  readonly id: ObjectId;
  readonly bytes: Uint8Array;
}

/**
 * Looks at the rows of objects without copying them, which is what walks over a whole store need.
 * Its answer about a row is valid until the next look.
 */
export class RowReader {
  readonly #engine: Engine;
  readonly #scan = new LinkScan();
  #sizeBytes = 0;
  /** Key, id and bytes of the record last looked at, if it is present. */
  #key: Uint8Array | undefined;
  #id: ObjectId | undefined;
  #bytes: Uint8Array | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Bytes of the row last looked at, 0 when it was absent. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Links of the row last looked at; none unless it was present. */
  get linkCount(): number {
    return this.#scan.linkCount;
  }

  /** The keys of those links, packed. */
  get links(): Buffer {
    return this.#scan.links;
  }

  /** Number of the type that the record last looked at says it is of; 0 for a chunk and unless it was present. */
  get type(): number {
    return this.#scan.type;
  }

  /** Number behind that type: the kind of a datum or node, the role of a page. */
  get kind(): number {
    return this.#scan.kind;
  }

  /**
   * Returns id and bytes of the record last looked at, where it was looked at by this very `key` and is present; the
   * bytes are those of memory that the next read reuses.
   */
  recordUnder(key: Uint8Array): LookedRecord | undefined {
    if (this.#key !== key) return undefined;
    return { id: this.#id as ObjectId, bytes: this.#bytes as Uint8Array };
  }

  /** Shows a record again that was looked at before, as the one under this very `key`; its links are not found again. */
  recall(key: Uint8Array, { id, bytes }: LookedRecord): void {
    this.#scan.clear();
    this.#sizeBytes = bytes.length;
    this.#key = key;
    this.#id = id;
    this.#bytes = bytes;
  }

  /**
   * Looks at the row under `key` and checks its bytes against the id.
   * Chunks link to nothing and are not hashed, so an excised or damaged chunk counts as present.
   */
  look(key: Uint8Array): RowState {
    this.#scan.clear();
    this.#sizeBytes = 0;
    this.#key = undefined;
    const bytes = this.#borrow(key);
    if (bytes === undefined) return hasRow(this.#engine, 'stubs', key) ? 'withheld' : 'absent';
    this.#sizeBytes = bytes.length;
    if (key[0] === CHUNK) return 'present';
    if (key.length !== OBJECT_KEY_BYTES || objectClassOf(key[0] as number) === undefined) {
      if (isNewerClass(key)) return 'newer';
      throw storeError('store_damaged', { table: 'objects', detail: 'key_form' });
    }
    const id = hashBytes(bytes);
    if (!isIdAt(key, 1, id)) return isTombstone(key, bytes) ? 'excised' : 'damaged';
    try {
      this.#scan.scan(bytes);
      this.#key = key;
      this.#id = id;
      this.#bytes = bytes;
      return 'present';
    } catch (error) {
      if (!isDmlError(error)) throw error;
      // @spec DML-STO-0718
      return isNewerFormat(error) ? 'newer' : 'damaged';
    }
  }

  /** Adds the keys of those links to a set, as reached from the entry with the ordinal `parent`. */
  addLinksTo(keys: ObjectKeySet, parent?: number): void {
    const { links, linkCount } = this.#scan;
    for (let index = 0; index < linkCount; index += 1) keys.add(links, index * OBJECT_KEY_BYTES, parent);
  }

  /** Returns a view of the engine's one shared buffer, whose `length` alone is that of the value. */
  #borrow(key: Uint8Array): Uint8Array | undefined {
    this.#engine.drain?.();
    try {
      const shared = this.#engine.tables.objects.getBinaryFast(key) as Uint8Array | undefined;
      return shared && new Uint8Array(shared.buffer, shared.byteOffset, shared.length);
    } catch (cause) {
      throw failedRead(this.#engine, cause, 'objects');
    }
  }
}
