import { freeRuns } from './free-pages.ts';
import {
  type MetaPage,
  NO_PAGE,
  PAGE_HEADER_BYTES,
  parseTreeFacts,
  type ReadAt,
  readCount,
  type TreeFacts,
} from './meta-page.ts';
import {
  BIG_DATA,
  type Bound,
  checkBigValue,
  checkPage,
  childPage,
  compareBytes,
  compareNumbers,
  failTree,
  leafValue,
  nodeKey,
  readTreePage,
  SUB_DATA,
  type TreeKind,
} from './page-form.ts';

const TREE_BYTES = 48;
const MAX_DEPTH = 32;
const MAX_TREES = 64;

/** Levels of a tree that one step of a walk goes down: some thousand pages. */
const STEP_LEVELS = 2;

/** Called for every value of a leaf page. */
type OnValue = (page: Buffer, at: number, sizeBytes: number, flags: number) => void;

/** State of a walk over pages, with its counts. */
interface WalkedTree {
  readonly kind: TreeKind;
  readonly onValue: OnValue;
  readonly counts: { branch: number; leaf: number; overflow: number; entries: number };
}

/** Counts of a whole file. */
export interface PageCheckResult {
  readonly transactionId: number;
  readonly pages: number;
  readonly entries: number;
}

export const MAIN_TREE: TreeKind = { name: 'main', compare: compareBytes, keyBytes: undefined };
export const FREE_TREE: TreeKind = { name: 'free', compare: compareNumbers, keyBytes: 8 };

/**
 * Walks every page that a state of the data file uses, with plain reads only.
 * Throws `store_damaged` when the engine could not use the file safely; cost is linear in the pages of trees,
 * values on pages of their own are not read.
 */
export function checkPages(readAt: ReadAt, meta: MetaPage): PageCheckResult {
  const steps = checkPagesSteps(readAt, meta);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Checks pages as `checkPages` does, in steps of some thousand; yields the number of pages so far. */
export function checkPagesSteps(
  readAt: ReadAt,
  meta: MetaPage,
): Generator<number, PageCheckResult, undefined> {
  // @spec DML-STO-0153
  return new PageWalk(readAt, meta).steps();
}

/** Reads the record of a named tree from a value of the main tree; refuses a value that is none. */
export function namedTree(page: Buffer, at: number, sizeBytes: number, flags: number): TreeFacts {
  if (flags !== SUB_DATA || sizeBytes !== TREE_BYTES) failTree('node_flags', MAIN_TREE);
  return parseTreeFacts(page, at);
}

/** Checks what is recorded of a tree apart from its pages. */
export function checkTreeFacts(facts: TreeFacts, kind: TreeKind): void {
  const isEmpty = facts.root === NO_PAGE;
  if (isEmpty ? facts.depth !== 0 : facts.depth < 1 || facts.depth > MAX_DEPTH) failTree('tree_depth', kind);
}

class PageWalk {
  readonly #readAt: ReadAt;
  readonly #meta: MetaPage;
  readonly #used: Uint8Array;
  readonly #buffers: Buffer[] = [];
  readonly #subtrees: { readonly kind: TreeKind; readonly facts: TreeFacts }[] = [];
  #pages = 2;
  #entries = 0;

  constructor(readAt: ReadAt, meta: MetaPage) {
    this.#readAt = readAt;
    this.#meta = meta;
    this.#used = new Uint8Array((meta.lastPage >> 3) + 1);
    this.#used[0] = 0b11;
  }

  *steps(): Generator<number, PageCheckResult, undefined> {
    const { free, main, transactionId, lastPage } = this.#meta;
    yield* this.#walk(main, MAIN_TREE, (page, at, size, flags) => {
      if (this.#subtrees.length === MAX_TREES) failTree('tree_counts', MAIN_TREE);
      const name = `table ${this.#subtrees.length}`;
      const facts = namedTree(page, at, size, flags);
      this.#subtrees.push({ kind: { ...MAIN_TREE, name }, facts });
    });
    for (const { facts, kind } of this.#subtrees) {
      if (facts.flags !== 0) failTree('tree_flags', kind);
      yield* this.#walk(facts, kind, () => {});
    }
    const freed: Buffer[] = [];
    yield* this.#walk(free, FREE_TREE, (page, at, size, flags) => {
      freed.push(readFreeList(this.#readAt, this.#meta, page, { at, sizeBytes: size, flags }));
    });
    for (const list of freed)
      for (const run of freeRuns(list, lastPage)) {
        if (run === false) failTree('free_list', FREE_TREE);
        this.#claimRun(...run, FREE_TREE);
        this.#pages -= run[1];
      }
    return { transactionId, pages: this.#pages, entries: this.#entries };
  }

  *#walk(facts: TreeFacts, kind: TreeKind, onValue: OnValue): Generator<number, void, undefined> {
    const counts = { branch: 0, leaf: 0, overflow: 0, entries: 0 };
    checkTreeFacts(facts, kind);
    if (facts.root !== NO_PAGE)
      yield* this.#stepPage({ kind, counts, onValue }, facts.root, facts.depth, undefined, undefined);
    const whole =
      counts.branch === facts.branchPages &&
      counts.leaf === facts.leafPages &&
      counts.overflow === facts.overflowPages &&
      counts.entries === facts.entries;
    if (!whole) failTree('tree_counts', kind);
    this.#entries += counts.entries;
  }

  #claim(pageNumber: number, kind: TreeKind): void {
    if (!(pageNumber >= 2 && pageNumber <= this.#meta.lastPage)) failTree('page_range', kind);
    const byte = pageNumber >> 3;
    const bit = 1 << (pageNumber & 7);
    if (((this.#used[byte] as number) & bit) !== 0) failTree('page_shared', kind);
    this.#used[byte] = (this.#used[byte] as number) | bit;
    this.#pages += 1;
  }

  #claimRun(first: number, pages: number, kind: TreeKind): void {
    for (let page = first; page < first + pages; page += 1) this.#claim(page, kind);
  }

  #readPage(pageNumber: number, level: number, kind: TreeKind): Buffer {
    this.#claim(pageNumber, kind);
    let page = this.#buffers[level];
    if (page === undefined) {
      page = Buffer.alloc(this.#meta.pageBytes);
      this.#buffers[level] = page;
    }
    const fault = readTreePage(this.#readAt, this.#meta, pageNumber, page);
    if (fault !== undefined) failTree(fault, kind);
    return page;
  }

  /** Walks a page and what is below it, in steps where that is much. */
  *#stepPage(
    tree: WalkedTree,
    pageNumber: number,
    level: number,
    low: Bound | undefined,
    high: Bound | undefined,
  ): Generator<number, void, undefined> {
    if (level <= STEP_LEVELS) {
      this.#walkPage(tree, pageNumber, level, low, high);
      yield this.#pages;
      return;
    }
    for (const [child, from, to] of this.#children(tree, pageNumber, level, low, high))
      yield* this.#stepPage(tree, child, level - 1, from, to);
  }

  #walkPage(
    tree: WalkedTree,
    pageNumber: number,
    level: number,
    low: Bound | undefined,
    high: Bound | undefined,
  ): void {
    if (level > 1) {
      for (const [child, from, to] of this.#children(tree, pageNumber, level, low, high))
        this.#walkPage(tree, child, level - 1, from, to);
      return;
    }
    const page = this.#readPage(pageNumber, level, tree.kind);
    const count = checkPage(page, { tree: tree.kind, isLeaf: true, low, high });
    tree.counts.leaf += 1;
    this.#visitValues(page, count, tree);
  }

  /** Checks a branch page; yields its children with the bounds of their keys. */
  *#children(
    { kind, counts }: WalkedTree,
    pageNumber: number,
    level: number,
    low: Bound | undefined,
    high: Bound | undefined,
  ): Generator<readonly [number, Bound | undefined, Bound | undefined]> {
    const page = this.#readPage(pageNumber, level, kind);
    const count = checkPage(page, { tree: kind, isLeaf: false, low, high });
    counts.branch += 1;
    for (let index = 0; index < count; index += 1) {
      const from = index === 0 ? low : nodeKey(page, index);
      yield [childPage(page, index), from, index === count - 1 ? high : nodeKey(page, index + 1)];
    }
  }

  #visitValues(page: Buffer, count: number, { kind, counts, onValue }: WalkedTree): void {
    for (let index = 0; index < count; index += 1) {
      const value = leafValue(page, index);
      counts.entries += 1;
      if ((value.flags & BIG_DATA) !== 0) {
        const { pageNumber, pages } = checkBigValue(this.#readAt, this.#meta, kind, page, value);
        this.#claimRun(pageNumber, pages, kind);
        counts.overflow += pages;
      }
      onValue(page, value.at, value.sizeBytes, value.flags);
    }
  }
}

/** Reads a list of free pages, which is a value of the free tree. */
export function readFreeList(
  readAt: ReadAt,
  { pageBytes }: MetaPage,
  page: Buffer,
  { at, sizeBytes, flags }: { readonly at: number; readonly sizeBytes: number; readonly flags: number },
): Buffer {
  if ((flags & SUB_DATA) !== 0) failTree('node_flags', FREE_TREE);
  if ((flags & BIG_DATA) === 0) return Buffer.from(page.subarray(at, at + sizeBytes));
  const bytes = Buffer.alloc(sizeBytes);
  const from = readCount(page, at) * pageBytes + PAGE_HEADER_BYTES;
  if (readAt(bytes, sizeBytes, from) < sizeBytes) failTree('file_short', FREE_TREE);
  return bytes;
}
