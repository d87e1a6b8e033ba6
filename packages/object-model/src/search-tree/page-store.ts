import { fail } from '../errors.ts';
import type { PageId } from '../ids.ts';
import type { PageView } from './page-view.ts';

/** Source of the pages of search trees. */
export interface PageSource {
  /** Returns the record bytes of a page, undefined when it is not there; the bytes must not change afterwards. */
  getPage(pageId: PageId): Uint8Array | undefined;
  /** Parsed pages kept between operations; without it every operation keeps its own few. */
  readonly pageCache?: PageCache;
}

/** Store of the pages of search trees. */
export interface PageStore extends PageSource {
  /**
   * Stores the record bytes of a page and returns their id; idempotent.
   *
   * The bytes are the callee's from then on.
   */
  putPage(bytes: Uint8Array): PageId;
}

/** Parsed pages by id; those not read for longest go first, half of the cache at a time. */
export class PageCache {
  readonly #halfBytes: number;
  #recent = new Map<PageId, PageView>();
  #older = new Map<PageId, PageView>();
  #recentBytes = 0;

  /** Creates an empty cache; `maxBytes` bounds the record bytes kept, 4 MiB by default, about a thousand pages. */
  constructor(maxBytes: number = 4 * 1024 * 1024) {
    this.#halfBytes = maxBytes / 2;
  }

  /** Returns a parsed page, undefined when it is not kept. */
  get(pageId: PageId): PageView | undefined {
    const view = this.#recent.get(pageId);
    if (view !== undefined) return view;
    const older = this.#older.get(pageId);
    if (older !== undefined) this.put(pageId, older);
    return older;
  }

  /** Keeps a parsed page. */
  put(pageId: PageId, view: PageView): void {
    if (this.#recent.has(pageId)) return;
    if (this.#recentBytes + view.bytes.length > this.#halfBytes) {
      this.#older = this.#recent;
      this.#recent = new Map();
      this.#recentBytes = 0;
    }
    this.#recent.set(pageId, view);
    this.#recentBytes += view.bytes.length;
  }

  /** Drops everything. */
  clear(): void {
    this.#recent.clear();
    this.#older.clear();
    this.#recentBytes = 0;
  }
}

/**
 * Returns the record bytes of a page. Throws `invalid_payload` with `page_missing`.
 *
 * @spec DML-OBJ-2020
 */
export function readPage(pages: PageSource, pageId: PageId): Uint8Array {
  return pages.getPage(pageId) ?? fail('page_missing', { pageId });
}
