const FREE = -1;

/**
 * A hash table from ids to their numbers in a list of ids.
 *
 * A map would hash all 64 digits of every id and hold each once more; ids are hashes already, and the list has them.
 */
export class IdIndex {
  readonly #ids: readonly string[];
  /** Numbers, each in the first free place from that of its id on. */
  #places: Int32Array = new Int32Array(64).fill(FREE);
  #count = 0;

  constructor(ids: readonly string[]) {
    this.#ids = ids;
  }

  /** Adds a number of the list; of two with the same id the later one is found. */
  add(number: number): void {
    if (this.#count * 2 >= this.#places.length) this.#grow();
    const place = this.#placeOf(this.#ids[number] as string);
    if (this.#places[place] === FREE) this.#count += 1;
    this.#places[place] = number;
  }

  /** Returns the number of an id; undefined when it was not added. */
  find(id: string): number | undefined {
    const number = this.#places[this.#placeOf(id)] as number;
    return number === FREE ? undefined : number;
  }

  /** Returns the slot that holds the id, or the free one for it. */
  #placeOf(id: string): number {
    const places = this.#places;
    const mask = places.length - 1;
    let place = hashOf(id) & mask;
    for (;;) {
      const number = places[place] as number;
      if (number === FREE || this.#ids[number] === id) return place;
      place = (place + 1) & mask;
    }
  }

  #grow(): void {
    const before = this.#places;
    this.#places = new Int32Array(before.length * 2).fill(FREE);
    for (const number of before) {
      if (number !== FREE) this.#places[this.#placeOf(this.#ids[number] as string)] = number;
    }
  }
}

/** Returns a hash of the last seven digits, four bits of each. */
function hashOf(id: string): number {
  let hash = 0;
  for (let at = id.length - 7; at < id.length; at += 1) {
    const code = id.charCodeAt(at);
    hash = (hash << 4) | ((code & 15) + (code >> 6) * 9);
  }
  return hash;
}
