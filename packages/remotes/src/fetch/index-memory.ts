import type { GroupEntry } from '../format/group.ts';
import type { IndexObject } from '../format/index-object.ts';

/** Bytes of index objects that are kept. */
const MAX_BYTES = 64 * 2 ** 20;

/** Index objects that were read before, those used last. Their names say what they hold. */
export class IndexMemory {
  readonly #maxBytes: number;
  readonly #kept = new Map<string, { readonly index: IndexObject; readonly bytes: number }>();
  #bytes = 0;

  constructor(maxBytes: number = MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  get({ index: name }: GroupEntry): IndexObject | undefined {
    const found = this.#kept.get(name);
    if (found === undefined) return undefined;
    this.#kept.delete(name);
    this.#kept.set(name, found);
    return found.index;
  }

  put({ index: name, bytes }: GroupEntry, index: IndexObject): void {
    if (bytes > this.#maxBytes || this.#kept.has(name)) return;
    this.#kept.set(name, { index, bytes });
    this.#bytes += bytes;
    for (const [oldest, { bytes: freed }] of this.#kept) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#kept.delete(oldest);
      this.#bytes -= freed;
    }
  }
}
