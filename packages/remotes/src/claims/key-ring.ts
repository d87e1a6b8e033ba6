import type { ExecutionKey } from '@daggerml/object-model';

interface Entry<Item> {
  readonly key: ExecutionKey;
  readonly item: Item;
}

const ARCS = 256;

/** Items by execution key, as a ring in which somebody goes round. Keys are hashes, so every arc has as many. */
export class KeyRing<Item> {
  /** Entries by the first byte of their keys. */
  readonly #arcs: readonly Entry<Item>[][] = Array.from({ length: ARCS }, () => []);
  #at = '';
  #size = 0;

  /** Number of items. */
  get size(): number {
    return this.#size;
  }

  add(key: ExecutionKey, item: Item): void {
    this.#arcs[firstByte(key)]?.push({ key, item });
    this.#size += 1;
  }

  /** Moves to a place, given by the first digits of the keys there. */
  moveTo(place: string): void {
    this.#at = place;
  }

  /** Takes the item of the next key away, and stays there; undefined where the ring is empty. */
  takeNext(): Item | undefined {
    const first = firstByte(this.#at);
    for (let step = 0; step <= ARCS; step += 1) {
      const arc = this.#arcs[(first + step) % ARCS] as Entry<Item>[];
      const next = indexOfNext(arc, step === 0 ? this.#at : '');
      const entry = arc[next];
      if (entry === undefined) continue;
      const last = arc.pop() as Entry<Item>;
      if (next < arc.length) arc[next] = last;
      this.#size -= 1;
      this.#at = entry.key;
      return entry.item;
    }
    return undefined;
  }
}

/** Returns the index of the entry with the lowest key of those from a place on; -1 where there is none. */
function indexOfNext(arc: readonly Entry<unknown>[], place: string): number {
  let next = -1;
  for (const [at, { key }] of arc.entries())
    if (key >= place && (next < 0 || key < (arc[next] as Entry<unknown>).key)) next = at;
  return next;
}

function firstByte(key: string): number {
  return Number.parseInt(key.slice(0, 2), 16) || 0;
}
