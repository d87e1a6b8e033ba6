import { freeRuns } from './free-pages.ts';
import { type MetaPage, NO_PAGE, type ReadAt, readCount, type TreeFacts } from './meta-page.ts';
import { checkTreeFacts, FREE_TREE, MAIN_TREE, namedTree, readFreeList } from './page-check.ts';
import {
  BIG_DATA,
  type Bound,
  checkBigValue,
  checkPage,
  childPage,
  compareBounds,
  failTree,
  leafValue,
  nodeCount,
  nodeKey,
  readTreePage,
  type TreeKind,
} from './page-form.ts';
import type { RawRange } from './raw-engine.ts';

/** Branch pages kept in memory; they are read again when there are more. */
const KEPT_PAGES = 2048;
/** To look at every page costs as much as looking at one in this many of them on the way to keys. */
const LOOKS_PER_CHECK = 4;

/** A data file as the guard reads it. */
export interface GuardedFile {
  readonly readAt: ReadAt;
  readMeta(): MetaPage;
  newestTransactionId(pageBytes: number): number;
}

/** A tree of the state that is looked at. */
interface Tree {
  readonly kind: TreeKind;
  readonly facts: TreeFacts;
}

/** A page on the way down a tree, and between which keys it lies. */
interface Step {
  readonly tree: Tree;
  readonly pageNumber: number;
  readonly level: number;
  readonly low: Bound | undefined;
  readonly high: Bound | undefined;
}

/** Part of a tree that is walked, and its bound. */
interface RangeWalk {
  readonly first: Bound | undefined;
  readonly last: Bound | undefined;
  readonly reverse: boolean;
  /** Entries still wanted. */
  left: number;
}

/**
 * Looks at the pages of a data file that nobody vouches for, with plain reads, before the engine uses them: those on
 * the way to a key, of a range, of a table. A page that has been looked at stays trusted, since all who write to the
 * file look at what they change. Throws `store_damaged` for a page that the engine could not use safely.
 *
 * The engine must hold a snapshot while a page is looked at, or the write lock: else its pages may be reused.
 *
 * @spec DML-STO-0870
 */
export class PageGuard {
  readonly #file: GuardedFile;
  #meta: MetaPage;
  #trees = new Map<string, Tree>();
  #kept = new Map<number, Buffer>();
  #seen: Uint8Array;
  /** Free pages at `#freeTransaction`; absent until the first write. */
  #free: Uint8Array | undefined;
  #freeTransaction = 0;
  /** True when pages were checked in more states than one. */
  #hasMoved = false;
  #looks = 0;

  constructor(file: GuardedFile) {
    this.#file = file;
    this.#meta = file.readMeta();
    this.#seen = new Uint8Array((this.#meta.lastPage >> 3) + 1);
    this.#readTrees();
  }

  /** True when so many pages were looked at that looking at all of them would cost no more. */
  get isWorthCheckingAll(): boolean {
    return this.#looks * LOOKS_PER_CHECK > this.#meta.lastPage;
  }

  /** Checks whether the file has a table. */
  hasTable(table: string): boolean {
    return this.#treeOf(table) !== undefined;
  }

  /** Looks at the pages on the way to a key of a table. */
  touchKey(table: string, key: Uint8Array): void {
    const tree = this.#treeOf(table);
    if (tree === undefined) return;
    const bound = boundOf(key);
    let step = rootStep(tree);
    while (step !== undefined) {
      if (step.level === 1 && hasBit(this.#seen, step.pageNumber)) return;
      const page = this.#look(step);
      step = step.level === 1 ? undefined : childStep(step, page, childIndex(step, page, bound));
    }
  }

  /** Looks at the pages that hold a range of a table, and those on the way to them. */
  touchRange(table: string, range: RawRange = {}): void {
    const tree = this.#treeOf(table);
    const step = tree && rootStep(tree);
    if (step === undefined) return;
    const { start, end, reverse = false, limit } = range;
    const [first, last] = reverse ? [end, start] : [start, end];
    this.#walkRange(step, {
      first: first && boundOf(first),
      last: last && boundOf(last),
      reverse,
      // The entry behind the last one is where the engine sees that the range has ended.
      left: limit === undefined ? Number.POSITIVE_INFINITY : limit + 1,
    });
  }

  /** Looks at what a write may take room from: the tree of free pages and its lists. */
  touchFreePages(): void {
    if (this.#free !== undefined) return;
    this.#refresh();
    // A page that was in use when it was looked at may have been freed since.
    if (this.#hasMoved) this.#seen.fill(0);
    const { lastPage, transactionId } = this.#meta;
    const free = new Uint8Array((lastPage >> 3) + 1);
    const tree: Tree = { kind: FREE_TREE, facts: this.#meta.free };
    checkTreeFacts(tree.facts, FREE_TREE);
    this.#eachLeaf(rootStep(tree), (page) => {
      for (let index = 0; index < nodeCount(page); index += 1) {
        const list = readFreeList(this.#file.readAt, this.#meta, page, leafValue(page, index));
        for (const run of freeRuns(list, lastPage)) this.#addFree(free, run);
      }
    });
    this.#free = free;
    this.#freeTransaction = transactionId;
  }

  #addFree(free: Uint8Array, run: readonly [number, number] | false): void {
    if (run === false) failTree('free_list', FREE_TREE);
    const [first, pages] = run;
    for (let page = first; page < first + pages; page += 1) {
      if (hasBit(free, page) || hasBit(this.#seen, page)) failTree('page_shared', FREE_TREE);
      setBit(free, page);
    }
  }

  #refresh(): void {
    if (this.#file.newestTransactionId(this.#meta.pageBytes) === this.#meta.transactionId) return;
    this.#meta = this.#file.readMeta();
    this.#hasMoved = true;
    this.#kept.clear();
    const bytes = (this.#meta.lastPage >> 3) + 1;
    if (bytes > this.#seen.length) {
      const seen = new Uint8Array(bytes * 2);
      seen.set(this.#seen);
      this.#seen = seen;
    }
    this.#readTrees();
  }

  #readTrees(): void {
    const main: Tree = { kind: MAIN_TREE, facts: this.#meta.main };
    checkTreeFacts(main.facts, MAIN_TREE);
    const trees = new Map<string, Tree>();
    this.#eachLeaf(rootStep(main), (page) => {
      for (let index = 0; index < nodeCount(page); index += 1) {
        const { at, size } = nodeKey(page, index);
        const name = page.toString('utf8', at, at + size).replace(/\0$/, '');
        const value = leafValue(page, index);
        const facts = namedTree(page, value.at, value.sizeBytes, value.flags);
        const kind: TreeKind = { ...MAIN_TREE, name };
        if (facts.flags !== 0) failTree('tree_flags', kind);
        checkTreeFacts(facts, kind);
        trees.set(name, { kind, facts });
      }
    });
    this.#trees = trees;
  }

  #treeOf(table: string): Tree | undefined {
    this.#refresh();
    return this.#trees.get(table);
  }

  /** Returns a page on the way down, checked unless it was before. */
  #look({ tree: { kind }, pageNumber, level, low, high }: Step): Buffer {
    const kept = this.#kept.get(pageNumber);
    if (kept !== undefined) return kept;
    const { lastPage, pageBytes } = this.#meta;
    if (!(pageNumber >= 2 && pageNumber <= lastPage)) failTree('page_range', kind);
    this.#looks += 1;
    const page = Buffer.alloc(pageBytes);
    const fault = readTreePage(this.#file.readAt, this.#meta, pageNumber, page);
    if (fault !== undefined) failTree(fault, kind);
    if (!hasBit(this.#seen, pageNumber)) {
      this.#assertNotFree(pageNumber, page, kind);
      const count = checkPage(page, { tree: kind, isLeaf: level === 1, low, high });
      if (level === 1) this.#checkBigValues(page, count, kind);
      setBit(this.#seen, pageNumber);
    }
    if (level > 1) this.#keep(pageNumber, page);
    return page;
  }

  #keep(pageNumber: number, page: Buffer): void {
    if (this.#kept.size === KEPT_PAGES) this.#kept.clear();
    this.#kept.set(pageNumber, page);
  }

  /** Refuses a page of the free lists; one that was free may have been used since, by a later transaction. */
  #assertNotFree(pageNumber: number, page: Buffer, kind: TreeKind): void {
    const isOld = readCount(page, 8) <= this.#freeTransaction;
    if (isOld && this.#free !== undefined && hasBit(this.#free, pageNumber)) failTree('page_shared', kind);
  }

  #checkBigValues(page: Buffer, count: number, kind: TreeKind): void {
    for (let index = 0; index < count; index += 1) {
      const value = leafValue(page, index);
      if ((value.flags & BIG_DATA) !== 0) checkBigValue(this.#file.readAt, this.#meta, kind, page, value);
    }
  }

  #eachLeaf(step: Step | undefined, body: (page: Buffer) => void): void {
    if (step === undefined) return;
    const page = this.#look(step);
    if (step.level === 1) return body(page);
    for (let index = 0; index < nodeCount(page); index += 1)
      this.#eachLeaf(childStep(step, page, index), body);
  }

  /** Visits the children of a page in the order of the range, until it has passed its end. */
  #walkRange(step: Step, walk: RangeWalk): void {
    const page = this.#look(step);
    const count = nodeCount(page);
    if (step.level === 1) {
      walk.left -= countWithin(step.tree.kind, page, walk);
      return;
    }
    const from = walk.first === undefined ? 0 : childIndex(step, page, walk.first);
    const to = walk.last === undefined ? count - 1 : childIndex(step, page, walk.last);
    for (let passed = 0; passed <= to - from && walk.left > 0; passed += 1)
      this.#walkRange(childStep(step, page, walk.reverse ? to - passed : from + passed), walk);
  }
}

function countWithin(kind: TreeKind, page: Buffer, { first, last }: RangeWalk): number {
  let count = 0;
  for (let index = 0; index < nodeCount(page); index += 1) {
    const key = nodeKey(page, index);
    if (first !== undefined && compareBounds(kind, key, first) < 0) continue;
    if (last !== undefined && compareBounds(kind, key, last) > 0) break;
    count += 1;
  }
  return count;
}

function boundOf(key: Uint8Array): Bound {
  const page = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  return { page, at: 0, size: page.length };
}

function rootStep(tree: Tree): Step | undefined {
  const { root, depth } = tree.facts;
  if (root === NO_PAGE) return undefined;
  return { tree, pageNumber: root, level: depth, low: undefined, high: undefined };
}

/** Returns which child of a branch page a key belongs to. */
function childIndex({ tree: { kind } }: Step, page: Buffer, key: Bound): number {
  let [low, high] = [1, nodeCount(page)];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareBounds(kind, nodeKey(page, middle), key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function childStep(step: Step, page: Buffer, index: number): Step {
  return {
    tree: step.tree,
    pageNumber: childPage(page, index),
    level: step.level - 1,
    low: index === 0 ? step.low : nodeKey(page, index),
    high: index === nodeCount(page) - 1 ? step.high : nodeKey(page, index + 1),
  };
}

function hasBit(bits: Uint8Array, index: number): boolean {
  return (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
}

function setBit(bits: Uint8Array, index: number): void {
  bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
}
