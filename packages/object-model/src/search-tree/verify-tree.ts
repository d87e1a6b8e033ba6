import { compareBytes, copyBytes, equalBytes } from '../bytes.ts';
import { CborWriter } from '../cbor/writer.ts';
import { isDmlError } from '../errors.ts';
import type { PageId } from '../ids.ts';
import { checkRecord } from '../records/check-record.ts';
import type { PageRole, TreeRoot } from '../records/page-types.ts';
import { LevelBuilder } from './level-builder.ts';
import { type PageSource, readPage } from './page-store.ts';
import { type PageView, parsePage, viewEntries } from './page-view.ts';

/** A fault of a tree, and its place. */
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

/** Options of a {@link TreeVerifier}. */
export interface TreeVerifierOptions {
  /** Predicate of pages that are absent on purpose: the counts given for it and below it are then taken on trust. */
  readonly isExcused?: (pageId: PageId) => boolean;
}

/** Pages without fault that are remembered, at some 300 bytes each. */
const MAX_KNOWN_PAGES = 65_536;

/** Verifier of many trees of one source; pages that they share are read once, as long as they are remembered. */
export class TreeVerifier {
  readonly #pages: PageSource;
  readonly #isExcused: (pageId: PageId) => boolean;
  readonly #known: Map<string, Below> = new Map();

  constructor(pages: PageSource, options: TreeVerifierOptions = {}) {
    this.#pages = pages;
    this.#isExcused = options.isExcused ?? (() => false);
  }

  /**
   * Checks a whole tree, pausing after every page: every page decodes strictly, and the pages are exactly those that a
   * rebuild would make. Returns the first fault, undefined for a canonical tree. Holds one page per level.
   *
   * @spec DML-OBJ-2015 DML-OBJ-2037
   */
  *verify<Role extends PageRole>(
    role: Role,
    root: TreeRoot<Role>,
  ): Generator<undefined, TreeFault | undefined, undefined> {
    if (this.#known.size > MAX_KNOWN_PAGES) this.#known.clear();
    const check = new TreeCheck(role, this.#pages, this.#known, this.#isExcused);
    try {
      yield* check.run(root);
      return undefined;
    } catch (caught) {
      if (caught instanceof Faulty) return caught.found;
      if (isDmlError(caught)) return { fault: 'undecodable', pageId: undefined, cause: caught };
      throw caught;
    }
  }
}

class Faulty extends Error {
  readonly found: TreeFault;
  constructor(found: TreeFault) {
    super(found.fault);
    this.found = found;
  }
}

/** Summary of the leaf entries below a page without fault. */
interface Below {
  readonly level: number;
  /** The last key as the item that stands in the entry above. */
  readonly lastKey: Uint8Array;
  readonly weight: number;
  /** Ordering bytes of the first and the last leaf entry, where the role has keys and nothing is excused. */
  readonly firstLeafKey: Uint8Array | undefined;
  readonly lastLeafKey: Uint8Array | undefined;
}

class TreeCheck {
  readonly #role: PageRole;
  readonly #pages: PageSource;
  readonly #known: Map<string, Below>;
  readonly #isExcused: (pageId: PageId) => boolean;
  /** Level → memory for the entries of the page that is checked there: one at a time. */
  readonly #sinks: CborWriter[] = [];
  /** Ordering bytes of the last leaf entry seen. */
  #lastKey: Uint8Array | undefined;

  constructor(
    role: PageRole,
    pages: PageSource,
    known: Map<string, Below>,
    isExcused: (pageId: PageId) => boolean,
  ) {
    this.#role = role;
    this.#pages = pages;
    this.#known = known;
    this.#isExcused = isExcused;
  }

  *run<Role extends PageRole>(root: TreeRoot<Role>): Generator<undefined, void, undefined> {
    if (typeof root === 'string') {
      if (this.#isExcused(root)) return;
      const view = this.#read(root);
      if (view.level === 0 || view.length < 2) throw new Faulty({ fault: 'top', pageId: root });
      yield* this.#check(view, root, true);
    } else if (root.length > 0) {
      yield* this.#check(viewEntries(this.#role, root as never), undefined, true);
    }
  }

  #read(pageId: PageId): PageView {
    try {
      const bytes = readPage(this.#pages, pageId);
      checkRecord(bytes, 'page');
      return parsePage(this.#role, bytes);
    } catch (cause) {
      throw isDmlError(cause) ? new Faulty({ fault: 'undecodable', pageId, cause }) : cause;
    }
  }

  /** Checks a page and all below; `last` says whether it is the last page of its level. */
  *#check(view: PageView, pageId: PageId | undefined, last: boolean): Generator<undefined, Below, undefined> {
    const sink = this.#sinks[view.level] ?? new CborWriter();
    this.#sinks[view.level] = sink;
    const refuse = (): never => {
      throw new Faulty({ fault: 'boundary', pageId });
    };
    const builder = new LevelBuilder(this.#role, view.level, refuse, sink);
    const before = this.#lastKey;
    let firstLeafKey: Uint8Array | undefined;
    for (let index = 0; index < view.length; index++) {
      const start = view.offsets[index]!;
      const end = view.offsets[index + 1]!;
      const weight = view.weights[index + 1]! - view.weights[index]!;
      // Throws when the page should have ended before this entry.
      builder.push(view.bytes, start, end, weight);
      if (view.level === 0) {
        this.#checkOrder(view, index, pageId);
        if (index === 0) firstLeafKey = this.#lastKey;
      } else {
        const child = { pageId, weight, last: last && index === view.length - 1 };
        const below = yield* this.#checkChild(view, index, child);
        if (index === 0) firstLeafKey = below?.firstLeafKey;
      }
    }
    if (!last && !builder.atPageStart) throw new Faulty({ fault: 'boundary', pageId });
    yield undefined;
    return {
      level: view.level,
      lastKey: copyBytes(builder.page().lastKey),
      weight: view.weight,
      firstLeafKey: firstLeafKey && copyBytes(firstLeafKey),
      lastLeafKey: this.#lastKey && this.#lastKey !== before ? copyBytes(this.#lastKey) : undefined,
    };
  }

  #checkOrder(view: PageView, index: number, pageId: PageId | undefined): void {
    if (!view.keyed) return;
    if (this.#lastKey !== undefined && view.compareKey(index, this.#lastKey) <= 0) {
      throw new Faulty({ fault: 'order', pageId });
    }
    view.locateKey(index);
    this.#lastKey = view.bytes.subarray(view.keyStart, view.keyEnd);
  }

  /** Checks what an interior entry stands for; returns nothing for a page that is excused. */
  *#checkChild(
    view: PageView,
    index: number,
    { pageId, weight, last }: { pageId: PageId | undefined; weight: number; last: boolean },
  ): Generator<undefined, Below | undefined, undefined> {
    const childId = view.childId(index);
    // @spec DML-OBJ-2038
    if (this.#isExcused(childId)) return undefined;
    const name = `${this.#role} ${last} ${childId}`;
    const known = this.#known.get(name);
    if (known !== undefined) this.#passOver(known, childId);
    const below = known ?? (yield* this.#enter(childId, view.level - 1, last));
    if (below.level !== view.level - 1) throw new Faulty({ fault: 'level', pageId: childId });
    const sameKey = !view.keyed || equalBytes(view.keyItem(index), below.lastKey);
    if (!sameKey || below.weight !== weight) throw new Faulty({ fault: 'summary', pageId });
    this.#known.set(name, below);
    return below;
  }

  *#enter(childId: PageId, level: number, last: boolean): Generator<undefined, Below, undefined> {
    const child = this.#read(childId);
    if (child.level !== level) throw new Faulty({ fault: 'level', pageId: childId });
    return yield* this.#check(child, childId, last);
  }

  /** Continues behind a page that was checked before. */
  #passOver(known: Below, childId: PageId): void {
    const { firstLeafKey } = known;
    if (this.#lastKey !== undefined && firstLeafKey !== undefined) {
      if (compareBytes(firstLeafKey, this.#lastKey) <= 0)
        throw new Faulty({ fault: 'order', pageId: childId });
    }
    this.#lastKey = known.lastLeafKey ?? this.#lastKey;
  }
}
