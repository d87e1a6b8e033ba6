import { storeError } from '../errors.ts';
import { PAGE_HEADER_BYTES, readCount } from './meta-page.ts';

const BRANCH = 0x01;
const LEAF = 0x02;
/** A node whose value lies on pages of its own. */
export const BIG_DATA = 0x01;
/** A node whose value is the record of another tree. */
export const SUB_DATA = 0x02;
const NODE_BYTES = 8;
/** Page number, transaction and page count of a value on pages of its own. */
const BIG_NODE_BYTES = 24;

/** A key as a place in a buffer that stays as it is while the key is in use. */
export interface Bound {
  readonly page: Buffer;
  readonly at: number;
  readonly size: number;
}

type Compare = (left: Bound, right: Bound) => number;

/** Orders keys as their bytes are. */
export const compareBytes: Compare = (left, right) =>
  left.page.compare(right.page, right.at, right.at + right.size, left.at, left.at + left.size);

/** Orders keys that are numbers. */
export const compareNumbers: Compare = (left, right) =>
  readCount(left.page, left.at) - readCount(right.page, right.at);

/** Facts that all pages of a tree share. */
export interface TreeKind {
  readonly name: string;
  readonly compare: Compare;
  /** Length of every key; undefined for keys of any length. */
  readonly keyBytes: number | undefined;
}

/** Position of a page in its tree, which it is checked against. */
export interface PagePlace {
  readonly tree: TreeKind;
  readonly isLeaf: boolean;
  /** The keys of the page are not below this one. */
  readonly low: Bound | undefined;
  /** The keys of the page are below this one. */
  readonly high: Bound | undefined;
}

/** A value of a leaf page. */
export interface LeafValue {
  readonly at: number;
  readonly sizeBytes: number;
  readonly flags: number;
}

/** Throws `store_damaged` for a tree. */
export function failTree(detail: string, { name: tree }: TreeKind): never {
  throw storeError('store_damaged', { detail, tree });
}

/** Checks a page on its own: its kind, the places of its nodes, and the order of its keys. Returns its node count. */
export function checkPage(page: Buffer, place: PagePlace): number {
  const { tree, isLeaf } = place;
  if ((page.readUInt16LE(18) & 0x1fff) !== (isLeaf ? LEAF : BRANCH)) failTree('page_kind', tree);
  const room = page.length - PAGE_HEADER_BYTES;
  const lower = page.readUInt16LE(20);
  const upper = page.readUInt16LE(22);
  const count = lower >> 1;
  if ((lower & 1) !== 0 || lower > upper || upper > room) failTree('page_bounds', tree);
  if (count < (isLeaf ? 1 : 2)) failTree('page_empty', tree);
  checkNodes(page, count, upper, place);
  checkOrder(page, count, place);
  return count;
}

/** Checks that every node lies inside the page, and that together they fill exactly what the page says is used. */
function checkNodes(page: Buffer, count: number, upper: number, { tree, isLeaf }: PagePlace): void {
  const room = page.length - PAGE_HEADER_BYTES;
  let total = 0;
  for (let index = 0; index < count; index += 1) {
    const offset = page.readUInt16LE(PAGE_HEADER_BYTES + index * 2);
    if (offset < upper || offset + NODE_BYTES > room || (offset & 1) !== 0) failTree('node_offset', tree);
    const at = offset + PAGE_HEADER_BYTES;
    const keySize = page.readUInt16LE(at + 6);
    const flags = page.readUInt16LE(at + 4);
    let size = NODE_BYTES + keySize;
    if (isLeaf) {
      if ((flags & ~(BIG_DATA | SUB_DATA)) !== 0) failTree('node_flags', tree);
      size += (flags & BIG_DATA) !== 0 ? BIG_NODE_BYTES : page.readUInt32LE(at);
    }
    const keyFits = tree.keyBytes === undefined ? keySize > 0 : keySize === tree.keyBytes;
    if (!keyFits && (isLeaf || index > 0)) failTree('node_key', tree);
    if (offset + size > room) failTree('node_size', tree);
    total += size + (size & 1);
  }
  if (total !== room - upper) failTree('page_fill', tree);
}

function checkOrder(page: Buffer, count: number, { tree, isLeaf, low, high }: PagePlace): void {
  let before = low;
  // The first key of a branch page is never compared by the engine.
  for (let index = isLeaf ? 0 : 1; index < count; index += 1) {
    const key = nodeKey(page, index);
    if (before !== undefined) {
      const order = tree.compare(before, key);
      if (order > 0 || (order === 0 && before !== low)) failTree('key_order', tree);
    }
    before = key;
  }
  if (high === undefined || before === undefined || before === low) return;
  if (tree.compare(before, high) >= 0) failTree('key_order', tree);
}

function nodeAt(page: Buffer, index: number): number {
  return PAGE_HEADER_BYTES + page.readUInt16LE(PAGE_HEADER_BYTES + index * 2);
}

/** Returns the key of a node of a checked page. */
export function nodeKey(page: Buffer, index: number): Bound {
  const at = nodeAt(page, index);
  return { page, at: at + NODE_BYTES, size: page.readUInt16LE(at + 6) };
}

/** Returns the page number that a node of a branch page names. */
export function childPage(page: Buffer, index: number): number {
  const at = nodeAt(page, index);
  return page.readUInt32LE(at) + page.readUInt16LE(at + 4) * 2 ** 32;
}

/** Returns the value of a node of a leaf page; one on pages of its own is the record of them. */
export function leafValue(page: Buffer, index: number): LeafValue {
  const at = nodeAt(page, index);
  return {
    at: at + NODE_BYTES + page.readUInt16LE(at + 6),
    sizeBytes: page.readUInt32LE(at),
    flags: page.readUInt16LE(at + 4),
  };
}
