import { OBJECT_KEY_BYTES } from '../tables/keyspace.ts';

const PAGE_SHIFT = 15;
const PAGE_ENTRIES = 1 << PAGE_SHIFT;
const PAGE_MASK = PAGE_ENTRIES - 1;
const FIRST_SLOTS = 1024;

/** The parent ordinal of an entry that is a root itself. */
export const NO_PARENT = 0xffffffff;

/**
 * An exact set of 33-byte object keys that numbers its entries in the order they came.
 *
 * Keys lie packed in pages that never move, found through an open-addressing table of 4-byte ordinals: about
 * 50 bytes an entry at every size and no garbage. Because ordinals are dense, the set is also the queue of a
 * breadth-first walk, and the parent kept with each entry is its shortest path back to a root.
 *
 * @spec DML-STO-0714
 */
export class ObjectKeySet {
  #pages: Uint8Array[] = [];
  #parents: Uint32Array[] = [];
  #slots: Uint32Array = new Uint32Array(FIRST_SLOTS);
  #mask: number = FIRST_SLOTS - 1;
  #size = 0;

  /** Number of keys in the set; also the next ordinal. */
  get size(): number {
    return this.#size;
  }

  /** Bytes held by the set's arrays. */
  get memoryBytes(): number {
    return this.#pages.length * PAGE_ENTRIES * (OBJECT_KEY_BYTES + 4) + this.#slots.byteLength;
  }

  /** Adds a copy of the key at `offset` and returns true, or yields false when it is there already. */
  add(bytes: Uint8Array, offset = 0, parent: number = NO_PARENT): boolean {
    const slot = this.#find(bytes, offset);
    if (this.#slots[slot] !== 0) return false;
    const ordinal = this.#size;
    const page = ordinal >>> PAGE_SHIFT;
    if (page === this.#pages.length) {
      this.#pages.push(new Uint8Array(PAGE_ENTRIES * OBJECT_KEY_BYTES));
      this.#parents.push(new Uint32Array(PAGE_ENTRIES));
    }
    const target = this.#pages[page] as Uint8Array;
    let at = (ordinal & PAGE_MASK) * OBJECT_KEY_BYTES;
    for (let index = 0; index < OBJECT_KEY_BYTES; index += 1) target[at++] = bytes[offset + index] as number;
    (this.#parents[page] as Uint32Array)[ordinal & PAGE_MASK] = parent;
    this.#slots[slot] = ordinal + 1;
    this.#size = ordinal + 1;
    if (this.#size * 2 > this.#slots.length) this.#grow();
    return true;
  }

  has(bytes: Uint8Array, offset = 0): boolean {
    return this.#slots[this.#find(bytes, offset)] !== 0;
  }

  /** Returns the ordinal of a key, undefined when it is not in the set. */
  ordinalOf(bytes: Uint8Array, offset = 0): number | undefined {
    const found = this.#slots[this.#find(bytes, offset)] as number;
    return found === 0 ? undefined : found - 1;
  }

  /** Returns the key with this ordinal as a view that stays valid and must not be written. */
  keyAt(ordinal: number): Uint8Array {
    const at = (ordinal & PAGE_MASK) * OBJECT_KEY_BYTES;
    return (this.#pages[ordinal >>> PAGE_SHIFT] as Uint8Array).subarray(at, at + OBJECT_KEY_BYTES);
  }

  /** Returns the ordinal the entry was reached from, `NO_PARENT` for a root. */
  parentOf(ordinal: number): number {
    return (this.#parents[ordinal >>> PAGE_SHIFT] as Uint32Array)[ordinal & PAGE_MASK] as number;
  }

  /** Ids are SHA-256 values, so four of their bytes are already a hash; the class byte is folded in. */
  #find(bytes: Uint8Array, offset: number): number {
    const hash =
      ((bytes[offset + 1] as number) |
        ((bytes[offset + 2] as number) << 8) |
        ((bytes[offset + 3] as number) << 16) |
        ((bytes[offset + 4] as number) << 24)) ^
      (bytes[offset] as number);
    let slot = hash & this.#mask;
    for (;;) {
      const found = this.#slots[slot] as number;
      if (found === 0 || this.#equals(found - 1, bytes, offset)) return slot;
      slot = (slot + 1) & this.#mask;
    }
  }

  #equals(ordinal: number, bytes: Uint8Array, offset: number): boolean {
    const page = this.#pages[ordinal >>> PAGE_SHIFT] as Uint8Array;
    const at = (ordinal & PAGE_MASK) * OBJECT_KEY_BYTES;
    for (let index = OBJECT_KEY_BYTES - 1; index >= 0; index -= 1)
      if (page[at + index] !== bytes[offset + index]) return false;
    return true;
  }

  #grow(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    this.#mask = this.#slots.length - 1;
    for (let ordinal = 0; ordinal < this.#size; ordinal += 1) {
      const page = this.#pages[ordinal >>> PAGE_SHIFT] as Uint8Array;
      this.#slots[this.#find(page, (ordinal & PAGE_MASK) * OBJECT_KEY_BYTES)] = ordinal + 1;
    }
  }
}
