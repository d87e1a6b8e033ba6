import { type LinkVisitor, scanLinks } from '@daggerml/object-model';
import { CLASS_BYTES, OBJECT_KEY_BYTES } from '../tables/keyspace.ts';

/** Links of records, one record after the other, in memory that the next one reuses. */
export class LinkScan {
  #links: Buffer = Buffer.alloc(64 * OBJECT_KEY_BYTES);
  #linkCount = 0;
  #type = 0;
  #kind = 0;
  #bytes: Uint8Array = Buffer.alloc(0);

  /** Number of links of the record last scanned. */
  get linkCount(): number {
    return this.#linkCount;
  }

  /** The keys of those links, packed. */
  get links(): Buffer {
    return this.#links;
  }

  /** Number of the type that the record last scanned says it is of; 0 where there is none. */
  get type(): number {
    return this.#type;
  }

  /** Number behind that type: the kind of a datum or node, the role of a page. */
  get kind(): number {
    return this.#kind;
  }

  /** Forgets the record last scanned. */
  clear(): void {
    this.#linkCount = 0;
    this.#type = 0;
    this.#kind = 0;
  }

  /** Finds the links of a record; throws as `scanLinks` does, with nothing found. */
  scan(bytes: Uint8Array): void {
    this.clear();
    this.#bytes = bytes;
    try {
      scanLinks(bytes, this.#add);
    } catch (error) {
      this.#linkCount = 0;
      throw error;
    }
    this.#type = bytes[2] as number;
    this.#kind = bytes[3] ?? 0;
  }

  readonly #add: LinkVisitor = (objectClass, idOffset) => {
    let at = this.#linkCount * OBJECT_KEY_BYTES;
    if (at + OBJECT_KEY_BYTES > this.#links.length) {
      const grown = Buffer.alloc(this.#links.length * 2);
      grown.set(this.#links);
      this.#links = grown;
    }
    this.#links[at++] = CLASS_BYTES[objectClass];
    for (let index = 0; index < OBJECT_KEY_BYTES - 1; index += 1)
      this.#links[at + index] = this.#bytes[idOffset + index] as number;
    this.#linkCount += 1;
  };
}
