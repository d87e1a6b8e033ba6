import { fail } from '../errors.ts';
import type { PageId } from '../ids.ts';
import type { PageView } from './page-view.ts';

/** Where search trees read pages. */
export interface PageSource {
  /** Yields the record bytes of a page, undefined when it is not there; the bytes must not change afterwards. */
  getPage(pageId: PageId): Uint8Array | undefined;
  /** Parsed pages kept between operations; without it every operation keeps its own few. */
  readonly pageCache?: PageCache;
}

/** Where search trees read and write pages. */
export interface PageStore extends PageSource {
  /**
   * Stores the record bytes of a page and yields their id; idempotent.
   *
   * The bytes are the callee's from then on.
   */
  putPage(bytes: Uint8Array): PageId;
}

/** Parsed pages by id, the least recently used ones dropped first. */
export class PageCache {
  readonly #views = new Map<PageId, PageView>();
  readonly #maxBytes: number;
  #sizeBytes = 0;

  /** `maxBytes` bounds the record bytes kept; 4 MiB by default, about a thousand pages. */
  constructor(maxBytes: number = 4 * 1024 * 1024) {
    this.#maxBytes = maxBytes;
  }

  /** Yields a parsed page, undefined when it is not kept. */
  get(pageId: PageId): PageView | undefined {
    const view = this.#views.get(pageId);
    if (view !== undefined) {
      this.#views.delete(pageId);
      this.#views.set(pageId, view);
    }
    return view;
  }

  /** Keeps a parsed page. */
  put(pageId: PageId, view: PageView): void {
    if (this.#views.has(pageId)) return;
    this.#views.set(pageId, view);
    this.#sizeBytes += view.bytes.length;
    for (const [oldId, old] of this.#views) {
      if (this.#sizeBytes <= this.#maxBytes || oldId === pageId) break;
      this.#views.delete(oldId);
      this.#sizeBytes -= old.bytes.length;
    }
  }

  /** Drops everything. */
  clear(): void {
    this.#views.clear();
    this.#sizeBytes = 0;
  }
}

/** Yields the record bytes of a page. Throws `invalid_payload` with `page_missing`. */
export function readPage(pages: PageSource, pageId: PageId): Uint8Array {
  return pages.getPage(pageId) ?? fail('page_missing', { pageId });
}
