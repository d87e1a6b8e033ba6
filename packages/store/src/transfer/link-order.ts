import type { Engine } from '../engine/engine.ts';
import { assertReadable } from '../objects/objects.ts';
import { OBJECT_KEY_BYTES } from '../tables/keyspace.ts';
import { ObjectKeySet } from '../walk/object-key-set.ts';
import { RowReader } from '../walk/row-reader.ts';

const ENTERED = 1;
/** Links of an object that wait on the stack at a time; looking again costs less than holding all of them. */
const LINKS_AT_A_TIME = 8;
/** In the place of a first link: nothing is left to enter. */
const LEAVE = -1;

/**
 * Walks what objects reach, each object after all it links to and once over all walks.
 * Links form no cycles, since an id is a hash of what it names. Absent objects are yielded like present ones.
 * Throws as reading does where an object is damaged or of a newer format, since it is unknown what it links to.
 *
 * @spec DML-STO-1007
 */
export class LinkOrder {
  readonly #engine: Engine;
  readonly #rows: RowReader;
  readonly #keys: ObjectKeySet = new ObjectKeySet();
  readonly #stack: PairStack = new PairStack();
  #states: Uint8Array = new Uint8Array(1024);

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#rows = new RowReader(engine);
  }

  /** Bytes that are held for the objects met so far. */
  get memoryBytes(): number {
    return this.#keys.memoryBytes + this.#states.length + this.#stack.memoryBytes;
  }

  /** Yields the keys of what `root` reaches, itself last; views that stay valid. */
  *walk(root: Uint8Array): Generator<Uint8Array, void, undefined> {
    const stack = this.#stack;
    stack.push(this.#ordinalOf(root, 0), 0);
    while (stack.pop()) {
      const { first: ordinal, second: from } = stack;
      if (from === LEAVE) {
        yield this.#keys.keyAt(ordinal);
        continue;
      }
      if (from === 0 && this.#states[ordinal] === ENTERED) continue;
      this.#states[ordinal] = ENTERED;
      const state = this.#rows.look(this.#keys.keyAt(ordinal));
      // @spec DML-STO-1043
      if (state === 'newer' || state === 'damaged') assertReadable(this.#engine, this.#keys.keyAt(ordinal));
      const { links, linkCount } = this.#rows;
      const to = Math.min(from + LINKS_AT_A_TIME, linkCount);
      stack.push(ordinal, to < linkCount ? to : LEAVE);
      for (let index = to - 1; index >= from; index -= 1) {
        const linked = this.#ordinalOf(links, index * OBJECT_KEY_BYTES);
        if (this.#states[linked] !== ENTERED) stack.push(linked, 0);
      }
    }
  }

  #ordinalOf(bytes: Uint8Array, offset: number): number {
    this.#keys.add(bytes, offset);
    if (this.#keys.size > this.#states.length) {
      const grown = new Uint8Array(this.#states.length * 2);
      grown.set(this.#states);
      this.#states = grown;
    }
    return this.#keys.ordinalOf(bytes, offset) as number;
  }
}

/** A stack of pairs of integers, eight bytes each. */
class PairStack {
  #values: Int32Array = new Int32Array(256);
  #length = 0;
  /** The pair last popped. */
  first = 0;
  second = 0;

  get memoryBytes(): number {
    return this.#values.byteLength;
  }

  push(first: number, second: number): void {
    if (this.#length + 2 > this.#values.length) {
      const grown = new Int32Array(this.#values.length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length] = first;
    this.#values[this.#length + 1] = second;
    this.#length += 2;
  }

  /** Removes the top pair and returns whether there was one. */
  pop(): boolean {
    if (this.#length === 0) return false;
    this.#length -= 2;
    this.first = this.#values[this.#length] as number;
    this.second = this.#values[this.#length + 1] as number;
    return true;
  }
}
