import { storeError } from '../errors.ts';

/** Bytes at the head of every page before its own contents. */
export const PAGE_HEADER_BYTES = 24;

/** Page number that stands for an empty tree. */
export const NO_PAGE: number = -1;

const META_BYTES = 168;
export const MAGIC = 0xbeefc0de;
export const DATA_VERSION = 2;
export const META_FLAG = 0x08;
export const INTEGER_KEY = 0x08;
/** Offset of the transaction's number in a meta page. */
export const TRANSACTION_AT = 152;
const MAX_MAP_BYTES = 2 ** 46;

/** Root of a tree of the data file, as its parent records it. */
export interface TreeFacts {
  readonly flags: number;
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly entries: number;
  /** Page number of the root, `NO_PAGE` for an empty tree. */
  readonly root: number;
}

/** One of the two meta pages: the state of the file after a transaction. */
export interface MetaPage {
  readonly pageBytes: number;
  readonly transactionId: number;
  readonly lastPage: number;
  readonly free: TreeFacts;
  readonly main: TreeFacts;
}

/** Reads `length` bytes at `position`; returns fewer at the end of the file. */
export type ReadAt = (target: Buffer, length: number, position: number) => number;

function damaged(detail: string): never {
  throw storeError('store_damaged', { detail });
}

/** Reads an unsigned 64-bit number; one past 2^53 becomes a value no file can have. */
export function readCount(bytes: Buffer, offset: number): number {
  const high = bytes.readUInt32LE(offset + 4);
  if (high === 0xffffffff && bytes.readUInt32LE(offset) === 0xffffffff) return NO_PAGE;
  return high * 2 ** 32 + bytes.readUInt32LE(offset);
}

/** Reads the 48 bytes in which a tree is recorded. */
export function parseTreeFacts(bytes: Buffer, offset: number): TreeFacts {
  return {
    flags: bytes.readUInt16LE(offset + 4),
    depth: bytes.readUInt16LE(offset + 6),
    branchPages: readCount(bytes, offset + 8),
    leafPages: readCount(bytes, offset + 16),
    overflowPages: readCount(bytes, offset + 24),
    entries: readCount(bytes, offset + 32),
    root: readCount(bytes, offset + 40),
  };
}

function parseMetaPage(bytes: Buffer): MetaPage {
  if ((bytes.readUInt16LE(18) & META_FLAG) === 0 || bytes.readUInt32LE(24) !== MAGIC) damaged('meta_magic');
  if (bytes.readUInt32LE(28) !== DATA_VERSION) damaged('meta_version');
  const pageBytes = bytes.readUInt32LE(48);
  if (pageBytes < 512 || pageBytes > 65536 || (pageBytes & (pageBytes - 1)) !== 0) damaged('meta_page_size');
  if (readCount(bytes, 32) !== 0) damaged('meta_address');
  const mapBytes = readCount(bytes, 40);
  if (mapBytes < 0 || mapBytes > MAX_MAP_BYTES) damaged('meta_map_size');
  const transactionId = readCount(bytes, TRANSACTION_AT);
  if (transactionId < 0) damaged('meta_transaction');
  const lastPage = readCount(bytes, 144);
  return {
    pageBytes,
    transactionId,
    lastPage,
    free: parseTreeFacts(bytes, 48),
    main: parseTreeFacts(bytes, 96),
  };
}

/** Throws when a meta page does not fit the file. */
function checkBounds(meta: MetaPage, fileBytes: number): void {
  if (meta.free.flags !== INTEGER_KEY || meta.main.flags !== 0) damaged('meta_flags');
  // Pages that were given out and freed again in one transaction may lie past the end of the file.
  const pages = fileBytes / meta.pageBytes;
  if (meta.lastPage < 1 || meta.lastPage > pages * 2 + 65536) damaged('meta_last_page');
  for (const tree of [meta.free, meta.main]) {
    if (tree.root !== NO_PAGE && (tree.root < 2 || tree.root > meta.lastPage)) damaged('meta_root');
    if ((tree.root === NO_PAGE) !== (tree.depth === 0)) damaged('meta_depth');
  }
}

/** Checks that the root pages of a meta page were written by its transaction or an earlier one. */
function checkRoots(readAt: ReadAt, meta: MetaPage): void {
  const header = Buffer.alloc(PAGE_HEADER_BYTES);
  for (const tree of [meta.free, meta.main]) {
    if (tree.root === NO_PAGE) continue;
    const got = readAt(header, header.length, tree.root * meta.pageBytes);
    if (got < header.length || readCount(header, 0) !== tree.root) damaged('root_page');
    if (readCount(header, 8) > meta.transactionId) damaged('root_transaction');
  }
}

/**
 * Reads both meta pages with plain reads and returns the newer one.
 * Throws `store_damaged` when one is not whole or the two do not follow each other.
 */
export function readNewestMeta(readAt: ReadAt, fileBytes: number): MetaPage {
  const bytes = Buffer.alloc(META_BYTES);
  if (readAt(bytes, META_BYTES, 0) < META_BYTES) damaged('file_short');
  const first = parseMetaPage(bytes);
  if (fileBytes < 2 * first.pageBytes) damaged('file_short');
  if (readAt(bytes, META_BYTES, first.pageBytes) < META_BYTES) damaged('file_short');
  const second = parseMetaPage(bytes);
  if (second.pageBytes !== first.pageBytes) damaged('meta_page_size');
  const distance = Math.abs(first.transactionId - second.transactionId);
  const fresh = first.transactionId === 0 && second.transactionId <= 1;
  // @spec DML-STO-0151
  if (!fresh && (distance !== 1 || first.transactionId % 2 !== 0)) damaged('meta_transaction');
  // What the older page says beyond its number does not count: when the write of a meta page fails, the engine
  // puts the old number back over the new contents.
  const newest = first.transactionId >= second.transactionId ? first : second;
  checkBounds(newest, fileBytes);
  checkRoots(readAt, newest);
  return newest;
}
