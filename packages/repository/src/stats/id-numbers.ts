const FIRST_SLOTS = 1024;

/**
 * Numbers by ids in some 32 bytes an entry, for as many ids as a store has.
 *
 * Ids are told apart by their first 64 bits: among a hundred million ids two with the same ones are not to be expected.
 */
export class IdNumbers {
  #keys: Uint32Array = new Uint32Array(2 * FIRST_SLOTS);
  #values: Float64Array = new Float64Array(FIRST_SLOTS).fill(Number.NaN);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: string): number | undefined {
    const value = this.#values[this.#slotOf(high(id), low(id))] as number;
    return Number.isNaN(value) ? undefined : value;
  }

  set(id: string, value: number): void {
    this.#put(high(id), low(id), value);
  }

  /** Calls back with the values of an entry here and in another table with the same ids. */
  forEachWith(other: IdNumbers, visit: (value: number, otherValue: number) => void): void {
    for (let slot = 0; slot < this.#values.length; slot += 1) {
      const value = this.#values[slot] as number;
      if (Number.isNaN(value)) continue;
      const at = other.#slotOf(this.#keys[2 * slot] as number, this.#keys[2 * slot + 1] as number);
      visit(value, other.#values[at] as number);
    }
  }

  #put(first: number, second: number, value: number): void {
    const slot = this.#slotOf(first, second);
    if (Number.isNaN(this.#values[slot])) this.#size += 1;
    this.#keys[2 * slot] = first;
    this.#keys[2 * slot + 1] = second;
    this.#values[slot] = value;
    if (this.#size * 2 > this.#values.length) this.#grow();
  }

  #slotOf(first: number, second: number): number {
    const mask = this.#values.length - 1;
    for (let slot = first & mask; ; slot = (slot + 1) & mask) {
      if (Number.isNaN(this.#values[slot])) return slot;
      if (this.#keys[2 * slot] === first && this.#keys[2 * slot + 1] === second) return slot;
    }
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values];
    this.#keys = new Uint32Array(2 * keys.length);
    this.#values = new Float64Array(2 * values.length).fill(Number.NaN);
    this.#size = 0;
    for (let slot = 0; slot < values.length; slot += 1)
      if (!Number.isNaN(values[slot]))
        this.#put(keys[2 * slot] as number, keys[2 * slot + 1] as number, values[slot] as number);
  }
}

function high(id: string): number {
  return Number.parseInt(id.slice(0, 8), 16);
}

function low(id: string): number {
  return Number.parseInt(id.slice(8, 16), 16);
}
