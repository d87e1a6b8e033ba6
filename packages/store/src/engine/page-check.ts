import { storeError } from '../errors.ts';
import {
  type MetaPage,
  NO_PAGE,
  PAGE_HEADER_BYTES,
  parseTreeFacts,
  type ReadAt,
  readCount,
  type TreeFacts,
} from './meta-page.ts';

const BRANCH = 0x01;
const LEAF = 0x02;
const OVERFLOW = 0x04;
const BIG_DATA = 0x01;
const SUB_DATA = 0x02;
const NODE_BYTES = 8;
const TREE_BYTES = 48;
/** Page number, transaction and page count of a value on pages of its own. */
const BIG_NODE_BYTES = 24;
const MAX_DEPTH = 32;
const MAX_TREES = 64;

type Compare = (
  left: Buffer,
  leftAt: number,
  leftSize: number,
  right: Buffer,
  rightAt: number,
  rightSize: number,
) => number;

const compareBytes: Compare = (left, leftAt, leftSize, right, rightAt, rightSize) =>
  left.compare(right, rightAt, rightAt + rightSize, leftAt, leftAt + leftSize);

const compareNumbers: Compare = (left, leftAt, _leftSize, right, rightAt) =>
  readCount(left, leftAt) - readCount(right, rightAt);

/** A key as a place in a page buffer that stays as it is while the key is a bound. */
interface Bound {
  readonly page: Buffer;
  readonly at: number;
  readonly size: number;
}

interface TreeKind {
  readonly name: string;
  readonly compare: Compare;
  readonly keyBytes: number | undefined;
  onValue(page: Buffer, at: number, size: number, flags: number): void;
}

interface Counts {
  branch: number;
  leaf: number;
  overflow: number;
  entries: number;
}

/** What a whole file was found to hold. */
export interface PageCheckResult {
  readonly transactionId: number;
  readonly pages: number;
  readonly entries: number;
}

/**
 * Walks every page that a state of the data file uses, with plain reads only.
 * Throws `store_damaged` when the engine could not use the file safely; cost is linear in the pages of trees,
 * values on pages of their own are not read.
 */
export function checkPages(readAt: ReadAt, meta: MetaPage): PageCheckResult {
  // @spec DML-STO-0153
  return new PageWalk(readAt, meta).run();
}

class PageWalk {
  readonly #readAt: ReadAt;
  readonly #meta: MetaPage;
  readonly #used: Uint8Array;
  readonly #buffers: Buffer[] = [];
  readonly #subtrees: { readonly name: string; readonly facts: TreeFacts }[] = [];
  #pages = 2;
  #entries = 0;

  constructor(readAt: ReadAt, meta: MetaPage) {
    this.#readAt = readAt;
    this.#meta = meta;
    this.#used = new Uint8Array((meta.lastPage >> 3) + 1);
    this.#used[0] = 0b11;
  }

  run(): PageCheckResult {
    const { free, main, transactionId } = this.#meta;
    this.#walk(main, {
      name: 'main',
      compare: compareBytes,
      keyBytes: undefined,
      onValue: (page, at, size, flags) => this.#onNamedTree(page, at, size, flags),
    });
    for (const subtree of this.#subtrees) {
      if (subtree.facts.flags !== 0) this.#fail('tree_flags', subtree.name);
      this.#walk(subtree.facts, {
        name: subtree.name,
        compare: compareBytes,
        keyBytes: undefined,
        onValue: ignoreValue,
      });
    }
    const freed: Buffer[] = [];
    this.#walk(free, {
      name: 'free',
      compare: compareNumbers,
      keyBytes: 8,
      onValue: (page, at, size, flags) => {
        if ((flags & SUB_DATA) !== 0) this.#fail('node_flags', 'free');
        freed.push(
          (flags & BIG_DATA) !== 0 ? this.#readBig(readCount(page, at), size) : copyOf(page, at, size),
        );
      },
    });
    for (const list of freed) this.#checkFreeList(list);
    return { transactionId, pages: this.#pages, entries: this.#entries };
  }

  #fail(detail: string, tree: string): never {
    throw storeError('store_damaged', { detail, tree });
  }

  #walk(facts: TreeFacts, kind: TreeKind): void {
    const counts: Counts = { branch: 0, leaf: 0, overflow: 0, entries: 0 };
    if (facts.root !== NO_PAGE) {
      if (facts.depth < 1 || facts.depth > MAX_DEPTH) this.#fail('tree_depth', kind.name);
      this.#walkPage(facts.root, facts.depth, kind, counts, undefined, undefined);
    } else if (facts.depth !== 0) this.#fail('tree_depth', kind.name);
    const whole =
      counts.branch === facts.branchPages &&
      counts.leaf === facts.leafPages &&
      counts.overflow === facts.overflowPages &&
      counts.entries === facts.entries;
    if (!whole) this.#fail('tree_counts', kind.name);
    this.#entries += counts.entries;
  }

  #claim(pageNumber: number, tree: string): void {
    if (!(pageNumber >= 2 && pageNumber <= this.#meta.lastPage)) this.#fail('page_range', tree);
    const byte = pageNumber >> 3;
    const bit = 1 << (pageNumber & 7);
    if (((this.#used[byte] as number) & bit) !== 0) this.#fail('page_shared', tree);
    this.#used[byte] = (this.#used[byte] as number) | bit;
    this.#pages += 1;
  }

  #readPage(pageNumber: number, level: number, tree: string): Buffer {
    const { pageBytes, transactionId } = this.#meta;
    this.#claim(pageNumber, tree);
    let page = this.#buffers[level];
    if (page === undefined) {
      page = Buffer.alloc(pageBytes);
      this.#buffers[level] = page;
    }
    if (this.#readAt(page, pageBytes, pageNumber * pageBytes) < pageBytes) this.#fail('file_short', tree);
    if (readCount(page, 0) !== pageNumber) this.#fail('page_number', tree);
    if (readCount(page, 8) > transactionId) this.#fail('page_transaction', tree);
    return page;
  }

  #walkPage(
    pageNumber: number,
    level: number,
    kind: TreeKind,
    counts: Counts,
    low: Bound | undefined,
    high: Bound | undefined,
  ): void {
    const page = this.#readPage(pageNumber, level, kind.name);
    const isLeaf = level === 1;
    if ((page.readUInt16LE(18) & 0x1fff) !== (isLeaf ? LEAF : BRANCH)) this.#fail('page_kind', kind.name);
    const room = this.#meta.pageBytes - PAGE_HEADER_BYTES;
    const lower = page.readUInt16LE(20);
    const upper = page.readUInt16LE(22);
    const count = lower >> 1;
    if ((lower & 1) !== 0 || lower > upper || upper > room) this.#fail('page_bounds', kind.name);
    if (count < (isLeaf ? 1 : 2)) this.#fail('page_empty', kind.name);
    if (isLeaf) counts.leaf += 1;
    else counts.branch += 1;
    this.#checkNodes(page, count, upper, isLeaf, kind);
    this.#checkOrder(page, count, isLeaf, kind, low, high);
    if (isLeaf) this.#visitValues(page, count, kind, counts);
    else this.#visitChildren(page, count, level, kind, counts, low, high);
  }

  /** Every node lies inside the page, and together they fill exactly what the page says is used. */
  #checkNodes(page: Buffer, count: number, upper: number, isLeaf: boolean, kind: TreeKind): void {
    const room = this.#meta.pageBytes - PAGE_HEADER_BYTES;
    let total = 0;
    for (let index = 0; index < count; index += 1) {
      const offset = page.readUInt16LE(PAGE_HEADER_BYTES + index * 2);
      if (offset < upper || offset + NODE_BYTES > room || (offset & 1) !== 0)
        this.#fail('node_offset', kind.name);
      const at = offset + PAGE_HEADER_BYTES;
      const keySize = page.readUInt16LE(at + 6);
      const flags = page.readUInt16LE(at + 4);
      let size = NODE_BYTES + keySize;
      if (isLeaf) {
        if ((flags & ~(BIG_DATA | SUB_DATA)) !== 0) this.#fail('node_flags', kind.name);
        size += (flags & BIG_DATA) !== 0 ? BIG_NODE_BYTES : page.readUInt32LE(at);
      }
      const keyFits = kind.keyBytes === undefined ? keySize > 0 : keySize === kind.keyBytes;
      if (!keyFits && (isLeaf || index > 0)) this.#fail('node_key', kind.name);
      if (offset + size > room) this.#fail('node_size', kind.name);
      total += size + (size & 1);
    }
    if (total !== room - upper) this.#fail('page_fill', kind.name);
  }

  #checkOrder(
    page: Buffer,
    count: number,
    isLeaf: boolean,
    kind: TreeKind,
    low: Bound | undefined,
    high: Bound | undefined,
  ): void {
    let before = low;
    // The first key of a branch page is never compared by the engine.
    for (let index = isLeaf ? 0 : 1; index < count; index += 1) {
      const key = boundOf(page, index);
      if (before !== undefined) {
        const order = kind.compare(before.page, before.at, before.size, key.page, key.at, key.size);
        if (order > 0 || (order === 0 && before !== low)) this.#fail('key_order', kind.name);
      }
      before = key;
    }
    if (high === undefined || before === undefined || before === low) return;
    const order = kind.compare(before.page, before.at, before.size, high.page, high.at, high.size);
    if (order >= 0) this.#fail('key_order', kind.name);
  }

  #visitValues(page: Buffer, count: number, kind: TreeKind, counts: Counts): void {
    for (let index = 0; index < count; index += 1) {
      const at = PAGE_HEADER_BYTES + page.readUInt16LE(PAGE_HEADER_BYTES + index * 2);
      const size = page.readUInt32LE(at);
      const flags = page.readUInt16LE(at + 4);
      const valueAt = at + NODE_BYTES + page.readUInt16LE(at + 6);
      counts.entries += 1;
      if ((flags & BIG_DATA) !== 0) {
        const pages = readCount(page, valueAt + 16);
        this.#claimOverflow(readCount(page, valueAt), pages, size, kind.name);
        counts.overflow += pages;
      }
      kind.onValue(page, valueAt, size, flags);
    }
  }

  #visitChildren(
    page: Buffer,
    count: number,
    level: number,
    kind: TreeKind,
    counts: Counts,
    low: Bound | undefined,
    high: Bound | undefined,
  ): void {
    for (let index = 0; index < count; index += 1) {
      const at = PAGE_HEADER_BYTES + page.readUInt16LE(PAGE_HEADER_BYTES + index * 2);
      const child = page.readUInt32LE(at) + page.readUInt16LE(at + 4) * 2 ** 32;
      const from = index === 0 ? low : boundOf(page, index);
      const to = index === count - 1 ? high : boundOf(page, index + 1);
      this.#walkPage(child, level - 1, kind, counts, from, to);
    }
  }

  /** Claims the run of pages one big value has; a shorter value may have taken the place of a longer one. */
  #claimOverflow(pageNumber: number, pages: number, size: number, tree: string): void {
    const { pageBytes, transactionId, lastPage } = this.#meta;
    const least = Math.ceil((PAGE_HEADER_BYTES + size) / pageBytes);
    if (!(pages >= least && pages <= lastPage)) this.#fail('page_bounds', tree);
    for (let index = 0; index < pages; index += 1) this.#claim(pageNumber + index, tree);
    const header = Buffer.allocUnsafe(PAGE_HEADER_BYTES);
    const last = Buffer.allocUnsafe(1);
    const start = pageNumber * pageBytes;
    if (this.#readAt(header, header.length, start) < header.length) this.#fail('file_short', tree);
    if (this.#readAt(last, 1, start + PAGE_HEADER_BYTES + size - 1) < 1) this.#fail('file_short', tree);
    if (readCount(header, 0) !== pageNumber) this.#fail('page_number', tree);
    if (readCount(header, 8) > transactionId) this.#fail('page_transaction', tree);
    if ((header.readUInt16LE(18) & 0x1fff) !== OVERFLOW) this.#fail('page_kind', tree);
    if (header.readUInt32LE(20) !== pages) this.#fail('page_bounds', tree);
  }

  #readBig(pageNumber: number, size: number): Buffer {
    const bytes = Buffer.alloc(size);
    const at = pageNumber * this.#meta.pageBytes + PAGE_HEADER_BYTES;
    if (this.#readAt(bytes, size, at) < size) this.#fail('file_short', 'free');
    return bytes;
  }

  #onNamedTree(page: Buffer, at: number, size: number, flags: number): void {
    if (flags !== SUB_DATA || size !== TREE_BYTES) this.#fail('node_flags', 'main');
    if (this.#subtrees.length === MAX_TREES) this.#fail('tree_counts', 'main');
    this.#subtrees.push({ name: `table ${this.#subtrees.length}`, facts: parseTreeFacts(page, at) });
  }

  /** A free list is a count and as many words: 0 is empty, n > 0 a page, -n the length of a run named next. */
  #checkFreeList(list: Buffer): void {
    const count = list.length >= 8 ? readCount(list, 0) : -1;
    if (!(count >= 0 && (count + 1) * 8 <= list.length)) this.#fail('free_list', 'free');
    for (let index = 1; index <= count; index += 1) {
      const word = Number(list.readBigInt64LE(index * 8));
      if (word === 0) continue;
      let pages = 1;
      let first = word;
      if (word < 0) {
        pages = -word;
        index += 1;
        first = index <= count ? Number(list.readBigInt64LE(index * 8)) : 0;
      }
      if (!(first >= 2 && first + pages - 1 <= this.#meta.lastPage)) this.#fail('free_list', 'free');
      for (let page = first; page < first + pages; page += 1) this.#claim(page, 'free');
      this.#pages -= pages;
    }
  }
}

function ignoreValue(): void {}

function copyOf(page: Buffer, at: number, size: number): Buffer {
  return Buffer.from(page.subarray(at, at + size));
}

function boundOf(page: Buffer, index: number): Bound {
  const at = PAGE_HEADER_BYTES + page.readUInt16LE(PAGE_HEADER_BYTES + index * 2);
  return { page, at: at + NODE_BYTES, size: page.readUInt16LE(at + 6) };
}
