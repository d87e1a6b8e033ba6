/** Encoded entry bytes below which a page stays open. */
export const PAGE_MIN_BYTES = 2048;
/** Encoded entry bytes from which a page closes whatever its hashes say. */
const PAGE_MAX_BYTES = 16_384;
/** Entries below which a page stays open. */
export const PAGE_MIN_ENTRIES = 4;
/**
 * Entries that a page must have before its size alone closes it.
 *
 * @spec DML-OBJ-2023
 */
const PAGE_FULL_ENTRIES = 16;
/** Entry size from which the chance to close stays at 1 in 4. */
const PAGE_CHANCE_CAP_BYTES = 512;

const GOLDEN = 0x9e3779b9;
const RUN_FACTOR = 0x9e3779b1;

/** Returns the 32-bit FNV-1a hash of `bytes[start..end)`, as a signed integer. */
export function fnv1a32(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash;
}

/** Returns the final mix of MurmurHash3 over a 32-bit value, as a signed integer. */
export function fmix32(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/**
 * Decides where the pages of one level end, fed with the level's entries from left to right.
 *
 * The decision depends only on the entries of the open page, so any page can be checked by itself.
 */
export class PageBoundary {
  /** Entries in the open page. */
  count = 0;
  /** Encoded bytes of the entries in the open page. */
  sizeBytes = 0;
  readonly #positional: boolean;
  readonly #levelMix: number;
  #window = 0;
  #previous = 0;
  #run = 0;
  #runs = 0;

  constructor(positional: boolean, level: number) {
    this.#positional = positional;
    this.#levelMix = Math.imul(level + 1, GOLDEN);
  }

  /** Starts a new page. */
  reset(): void {
    this.count = 0;
    this.sizeBytes = 0;
    this.#window = 0;
    this.#run = 0;
    this.#runs = 0;
  }

  /**
   * Takes the next entry, `hash` being the FNV-1a of its key, element or child id; returns whether the page ends here.
   */
  add(hash: number, entryBytes: number): boolean {
    const mixed = this.#positional ? this.#addToRuns(hash) : hash;
    this.count++;
    this.sizeBytes += entryBytes;
    // @spec DML-OBJ-2007
    if (this.count < PAGE_MIN_ENTRIES) return false;
    // @spec DML-OBJ-2013
    if (this.sizeBytes >= PAGE_MAX_BYTES && this.count >= PAGE_FULL_ENTRIES) return true;
    // @spec DML-OBJ-2010
    if (this.sizeBytes < PAGE_MIN_BYTES) return false;
    // @spec DML-OBJ-2012
    const chance = entryBytes < PAGE_CHANCE_CAP_BYTES ? entryBytes : PAGE_CHANCE_CAP_BYTES;
    // @spec DML-OBJ-2014
    return fmix32(mixed ^ this.#levelMix) >>> 21 < chance;
  }

  /**
   * Folds the last four complete runs of equal entries and the open run into the hash of an entry.
   *
   * Values repeat in lists, so an entry alone would end either no page or every page; runs say where it stands.
   *
   * @spec DML-OBJ-2011
   */
  #addToRuns(hash: number): number {
    if (this.count > 0 && hash === this.#previous) {
      this.#run++;
    } else {
      // The first run may have begun in the page before, so its length says nothing.
      if (this.#runs > 1) {
        this.#window = ((this.#window << 8) + fmix32(this.#previous ^ Math.imul(this.#run, RUN_FACTOR))) | 0;
      }
      this.#runs++;
      this.#run = 1;
      this.#previous = hash;
    }
    return fmix32(this.#window ^ Math.imul(this.#run, RUN_FACTOR)) ^ hash;
  }
}
