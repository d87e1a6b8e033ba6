import type { Engine } from '../engine/engine.ts';
import { ObjectKeySet } from '../gc/object-key-set.ts';
import { RowReader } from '../gc/row-reader.ts';
import { OBJECT_KEY_BYTES } from '../keyspace.ts';

const ENTERED = 1;

/**
 * Walks what objects reach, each object after all it links to and once over all walks.
 * Links form no cycles, since an id is a hash of what it names. Absent objects are yielded like present ones.
 *
 * @spec DML-STO-1007
 */
export class LinkOrder {
  readonly #rows: RowReader;
  readonly #keys: ObjectKeySet = new ObjectKeySet();
  #states: Uint8Array = new Uint8Array(1024);

  constructor(engine: Engine) {
    this.#rows = new RowReader(engine);
  }

  /** Yields the keys of what `root` reaches, itself last; views that stay valid. */
  *walk(root: Uint8Array): Generator<Uint8Array, void, undefined> {
    // An object to enter stands as its ordinal, one to leave as the complement of it.
    const stack = [this.#ordinalOf(root, 0)];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (next < 0) {
        yield this.#keys.keyAt(~next);
        continue;
      }
      if (this.#states[next] === ENTERED) continue;
      this.#states[next] = ENTERED;
      stack.push(~next);
      this.#rows.look(this.#keys.keyAt(next));
      const { links, linkCount } = this.#rows;
      for (let index = linkCount - 1; index >= 0; index -= 1) {
        const ordinal = this.#ordinalOf(links, index * OBJECT_KEY_BYTES);
        if (this.#states[ordinal] !== ENTERED) stack.push(ordinal);
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
