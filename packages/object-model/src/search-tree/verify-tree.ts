import { equalBytes } from '../bytes.ts';
import { isDmlError } from '../errors.ts';
import type { PageId } from '../ids.ts';
import { decodeRecord } from '../records/decode-record.ts';
import type { PageRole, TreeRoot } from '../records/page-types.ts';
import { LevelBuilder } from './level-builder.ts';
import { type PageSource, readPage } from './page-store.ts';
import { type PageView, parsePage, viewEntries } from './page-view.ts';

/** What is wrong with a tree, and where. */
export interface TreeFault {
  /**
   * `undecodable`: a record that is missing or that the strict decoder refuses; `level`: not one below its parent;
   * `top`: an only entry at the top, or a leaf that should be embedded; `order`: keys do not increase across pages;
   * `summary`: last key or count of an entry are not those below; `boundary`: a page that ends where it should not.
   */
  readonly fault: 'undecodable' | 'level' | 'top' | 'order' | 'summary' | 'boundary';
  /** The page at fault, undefined for an embedded leaf. */
  readonly pageId: PageId | undefined;
  readonly cause?: unknown;
}

/**
 * Checks a whole tree: every page decodes strictly, and the pages are exactly those that a rebuild would make.
 *
 * Yields the first fault, undefined for a canonical tree. Reads every page once; holds one page per level.
 *
 * @spec DML-OBJ-2015
 */
export function verifyTree<Role extends PageRole>(
  role: Role,
  root: TreeRoot<Role>,
  pages: PageSource,
): TreeFault | undefined {
  return new TreeCheck(role, pages).run(root);
}

class Faulty extends Error {
  readonly found: TreeFault;
  constructor(found: TreeFault) {
    super(found.fault);
    this.found = found;
  }
}

interface Below {
  readonly lastKey: Uint8Array;
  readonly weight: number;
}

class TreeCheck {
  readonly #role: PageRole;
  readonly #pages: PageSource;
  /** Ordering bytes of the last leaf entry seen. */
  #lastKey: Uint8Array | undefined;

  constructor(role: PageRole, pages: PageSource) {
    this.#role = role;
    this.#pages = pages;
  }

  run<Role extends PageRole>(root: TreeRoot<Role>): TreeFault | undefined {
    try {
      if (typeof root === 'string') {
        const view = this.#read(root);
        if (view.level === 0 || view.length < 2) throw new Faulty({ fault: 'top', pageId: root });
        this.#check(view, root, true);
      } else if (root.length > 0) {
        this.#check(viewEntries(this.#role, root as never), undefined, true);
      }
      return undefined;
    } catch (caught) {
      if (caught instanceof Faulty) return caught.found;
      if (isDmlError(caught)) return { fault: 'undecodable', pageId: undefined, cause: caught };
      throw caught;
    }
  }

  #read(pageId: PageId): PageView {
    try {
      const bytes = readPage(this.#pages, pageId);
      decodeRecord(bytes, 'page');
      return parsePage(this.#role, bytes);
    } catch (cause) {
      throw isDmlError(cause) ? new Faulty({ fault: 'undecodable', pageId, cause }) : cause;
    }
  }

  /** Checks a page and all below; `last` tells whether it is the last page of its level. */
  #check(view: PageView, pageId: PageId | undefined, last: boolean): Below {
    const builder = new LevelBuilder(this.#role, view.level, () => {
      throw new Faulty({ fault: 'boundary', pageId });
    });
    for (let index = 0; index < view.length; index++) {
      const start = view.offsets[index]!;
      const end = view.offsets[index + 1]!;
      const weight = view.weights[index + 1]! - view.weights[index]!;
      // Throws when the page should have ended before this entry.
      builder.push(view.bytes, start, end, weight);
      if (view.level === 0) this.#checkOrder(view, index, pageId);
      else this.#checkChild(view, index, { pageId, weight, last: last && index === view.length - 1 });
    }
    if (!last && !builder.atPageStart) throw new Faulty({ fault: 'boundary', pageId });
    return { lastKey: builder.page().lastKey, weight: view.weight };
  }

  #checkOrder(view: PageView, index: number, pageId: PageId | undefined): void {
    if (!view.keyed) return;
    if (this.#lastKey !== undefined && view.compareKey(index, this.#lastKey) <= 0) {
      throw new Faulty({ fault: 'order', pageId });
    }
    view.locateKey(index);
    this.#lastKey = view.bytes.subarray(view.keyStart, view.keyEnd);
  }

  #checkChild(
    view: PageView,
    index: number,
    { pageId, weight, last }: { pageId: PageId | undefined; weight: number; last: boolean },
  ): void {
    const childId = view.childId(index);
    const child = this.#read(childId);
    if (child.level !== view.level - 1) throw new Faulty({ fault: 'level', pageId: childId });
    const below = this.#check(child, childId, last);
    const sameKey = !view.keyed || equalBytes(view.keyItem(index), below.lastKey);
    if (!sameKey || below.weight !== weight) throw new Faulty({ fault: 'summary', pageId });
  }
}
