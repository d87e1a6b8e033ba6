import type { DataFile } from './data-file.ts';
import { locateDamage } from './engine-error.ts';
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
  checkPage,
  childPage,
  compareBytes,
  compareNumbers,
  failTree,
  type LeafValue,
  leafValue,
  nodeKey,
  SUB_DATA,
  type TreeKind,
} from './page-form.ts';
import type { RawRoot } from './raw-engine.ts';

const OVERFLOW = 0x04;
const TREE_BYTES = 48;
const MAX_DEPTH = 32;
const MAX_TREES = 64;
const CHECK_ATTEMPTS = 5;

/** Called for every value of a leaf page. */
type OnValue = (page: Buffer, value: LeafValue) => unknown;

/** State of a walk over pages, with its counts. */
interface WalkedTree {
  readonly kind: TreeKind;
  readonly onValue: OnValue;
  readonly counts: { branch: number; leaf: number; overflow: number; entries: number };
}

const MAIN_TREE: TreeKind = { name: 'main', compare: compareBytes, keyBytes: undefined };
const FREE_TREE: TreeKind = { name: 'free', compare: compareNumbers, keyBytes: 8 };

/**
 * Walks every page that a state of the data file uses, with plain reads only, and returns how many rows it has.
 * Throws `store_damaged` when the engine could not use the file safely; cost is linear in the pages of trees,
 * values on pages of their own are not read.
 */
export function checkPages(readAt: ReadAt, meta: MetaPage): number {
  // @spec DML-STO-0153
  return new PageWalk(readAt, meta).run();
}

/**
 * Walks the pages of the newest state of an open file, which a snapshot of the engine keeps from being reused. Throws
 * `store_damaged` with the path of the store.
 */
export function checkNewestPages(
  file: DataFile,
  root: Pick<RawRoot, 'useReadTransaction'>,
  path: string,
): void {
  // @spec DML-STO-0154
  const pin = root.useReadTransaction();
  try {
    for (let attempt = 1; ; attempt += 1) {
      let meta: MetaPage | undefined;
      try {
        meta = file.readMeta();
        checkPages(file.readAt, meta);
        return;
      } catch (error) {
        // A meta page read while another process replaces it looks torn; a file at rest does not change.
        const isAtRest = meta && file.newestTransactionId(meta.pageBytes) === meta.transactionId;
        if (attempt === CHECK_ATTEMPTS || isAtRest !== false) throw locateDamage(error, path);
      }
    }
  } finally {
    pin.done();
  }
}

class PageWalk {
  readonly #readAt: ReadAt;
  readonly #meta: MetaPage;
  readonly #used: Uint8Array;
  readonly #buffers: Buffer[] = [];
  readonly #subtrees: { readonly kind: TreeKind; readonly facts: TreeFacts }[] = [];
  #entries = 0;

  constructor(readAt: ReadAt, meta: MetaPage) {
    this.#readAt = readAt;
    this.#meta = meta;
    this.#used = new Uint8Array((meta.lastPage >> 3) + 1);
    this.#used[0] = 0b11;
  }

  run(): number {
    const { free, main, lastPage } = this.#meta;
    this.#walk(main, MAIN_TREE, (page, { at, sizeBytes, flags }) => {
      if (this.#subtrees.length === MAX_TREES) failTree('tree_counts', MAIN_TREE);
      const name = `table ${this.#subtrees.length}`;
      if (flags !== SUB_DATA || sizeBytes !== TREE_BYTES) failTree('node_flags', MAIN_TREE);
      this.#subtrees.push({ kind: { ...MAIN_TREE, name }, facts: parseTreeFacts(page, at) });
    });
    for (const { facts, kind } of this.#subtrees) {
      if (facts.flags !== 0) failTree('tree_flags', kind);
      this.#walk(facts, kind, () => {});
    }
    const freed: Buffer[] = [];
    this.#walk(free, FREE_TREE, (page, value) => freed.push(this.#readFreeList(page, value)));
    for (const list of freed)
      for (const run of freeRuns(list, lastPage)) {
        if (run === false) failTree('free_list', FREE_TREE);
        this.#claimRun(...run, FREE_TREE);
      }
    return this.#entries;
  }

  #walk(facts: TreeFacts, kind: TreeKind, onValue: OnValue): void {
    const counts = { branch: 0, leaf: 0, overflow: 0, entries: 0 };
    const isEmpty = facts.root === NO_PAGE;
    if (isEmpty ? facts.depth !== 0 : facts.depth < 1 || facts.depth > MAX_DEPTH)
      failTree('tree_depth', kind);
    if (!isEmpty) this.#walkPage({ kind, counts, onValue }, facts.root, facts.depth, undefined, undefined);
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
    this.#readHead(page, pageNumber, kind);
    return page;
  }

  /** Reads the beginning of a page, and checks that it is that page and of a transaction that was. */
  #readHead(target: Buffer, pageNumber: number, kind: TreeKind): void {
    const { pageBytes, transactionId } = this.#meta;
    if (this.#readAt(target, target.length, pageNumber * pageBytes) < target.length)
      failTree('file_short', kind);
    if (readCount(target, 0) !== pageNumber) failTree('page_number', kind);
    if (readCount(target, 8) > transactionId) failTree('page_transaction', kind);
  }

  #walkPage(
    tree: WalkedTree,
    pageNumber: number,
    level: number,
    low: Bound | undefined,
    high: Bound | undefined,
  ): void {
    const page = this.#readPage(pageNumber, level, tree.kind);
    const isLeaf = level === 1;
    const count = checkPage(page, { tree: tree.kind, isLeaf, low, high });
    if (isLeaf) {
      tree.counts.leaf += 1;
      this.#visitValues(page, count, tree);
      return;
    }
    tree.counts.branch += 1;
    for (let index = 0; index < count; index += 1) {
      const from = index === 0 ? low : nodeKey(page, index);
      const to = index === count - 1 ? high : nodeKey(page, index + 1);
      this.#walkPage(tree, childPage(page, index), level - 1, from, to);
    }
  }

  #visitValues(page: Buffer, count: number, { kind, counts, onValue }: WalkedTree): void {
    for (let index = 0; index < count; index += 1) {
      const value = leafValue(page, index);
      counts.entries += 1;
      if ((value.flags & BIG_DATA) !== 0) counts.overflow += this.#claimBigValue(kind, page, value);
      onValue(page, value);
    }
  }

  /**
   * Checks the run of pages of a big value by its first page and its last byte, and returns how many there are; a
   * shorter value may reuse a longer run.
   */
  #claimBigValue(tree: TreeKind, page: Buffer, { at, sizeBytes }: LeafValue): number {
    const { pageBytes, lastPage } = this.#meta;
    const pageNumber = readCount(page, at);
    const pages = readCount(page, at + 16);
    const least = Math.ceil((PAGE_HEADER_BYTES + sizeBytes) / pageBytes);
    if (!(pages >= least && pages <= lastPage)) failTree('page_bounds', tree);
    if (!(pageNumber >= 2 && pageNumber + pages - 1 <= lastPage)) failTree('page_range', tree);
    const header = Buffer.allocUnsafe(PAGE_HEADER_BYTES);
    this.#readHead(header, pageNumber, tree);
    const end = pageNumber * pageBytes + PAGE_HEADER_BYTES + sizeBytes;
    if (this.#readAt(Buffer.allocUnsafe(1), 1, end - 1) < 1) failTree('file_short', tree);
    if ((header.readUInt16LE(18) & 0x1fff) !== OVERFLOW) failTree('page_kind', tree);
    if (header.readUInt32LE(20) !== pages) failTree('page_bounds', tree);
    this.#claimRun(pageNumber, pages, tree);
    return pages;
  }

  /** Reads a list of free pages, which is a value of the free tree. */
  #readFreeList(page: Buffer, { at, sizeBytes, flags }: LeafValue): Buffer {
    if ((flags & SUB_DATA) !== 0) failTree('node_flags', FREE_TREE);
    if ((flags & BIG_DATA) === 0) return Buffer.from(page.subarray(at, at + sizeBytes));
    const bytes = Buffer.alloc(sizeBytes);
    const from = readCount(page, at) * this.#meta.pageBytes + PAGE_HEADER_BYTES;
    if (this.#readAt(bytes, sizeBytes, from) < sizeBytes) failTree('file_short', FREE_TREE);
    return bytes;
  }
}

/**
 * Iterates over the runs of pages that one list of free pages names, as first page and length; false for a list
 * that is none. A list is a count and as many words: 0 is empty, n > 0 a page, -n the length of a run named next.
 */
function* freeRuns(list: Buffer, lastPage: number): Generator<readonly [number, number] | false> {
  const count = list.length >= 8 ? readCount(list, 0) : -1;
  if (!(count >= 0 && (count + 1) * 8 <= list.length)) return yield false;
  for (let index = 1; index <= count; index += 1) {
    const word = Number(list.readBigInt64LE(index * 8));
    if (word === 0) continue;
    const pages = word < 0 ? -word : 1;
    if (word < 0) index += 1;
    const first = word > 0 ? word : index <= count ? Number(list.readBigInt64LE(index * 8)) : 0;
    if (!(first >= 2 && first + pages - 1 <= lastPage)) return yield false;
    yield [first, pages];
  }
}
