import { LINK_BYTES } from '../cbor/link-bytes.ts';
import { CborWriter } from '../cbor/writer.ts';
import { fail } from '../errors.ts';
import type { PageId } from '../ids.ts';
import { checkHeader, checkKind } from '../records/decode-record.ts';
import { writeEntry } from '../records/entry.ts';
import { type LeafEntries, PAGE_ROLE_NUMBERS, type PageRole } from '../records/page-types.ts';
import { idInLink, LINK_ID_OFFSET } from './element-bytes.ts';
import { ENTRY_CODECS, type EntryCodec, type KeyForm } from './entry-codec.ts';
import {
  type Head,
  readCount,
  readHead,
  skipByte,
  skipCount,
  skipItem,
  skipLink,
  skipText,
  textStart,
} from './item-span.ts';
import { type PageSource, readPage } from './page-store.ts';

/** Highest level of a page; the fan-out makes a taller tree impossible. */
const MAX_LEVEL = 15;

/** A page whose entries are located but not decoded; embedded leaves have this form too. */
export class PageView {
  readonly role: PageRole;
  readonly level: number;
  /** The page's record, or for an embedded leaf its entries alone. */
  readonly bytes: Uint8Array;
  /** Start offset of each entry, and behind the last one its end. */
  readonly offsets: Uint32Array;
  /** Span of the ordering bytes of the entry last given to {@link locateKey}. */
  keyStart = 0;
  keyEnd = 0;
  readonly #keyForm: KeyForm;
  #weights: Float64Array | undefined;
  #childIds: (PageId | undefined)[] | undefined;

  constructor(role: PageRole, level: number, bytes: Uint8Array, offsets: Uint32Array) {
    this.role = role;
    this.level = level;
    this.bytes = bytes;
    this.offsets = offsets;
    this.#keyForm = ENTRY_CODECS[role].keyForm;
  }

  /** Number of entries. */
  get length(): number {
    return this.offsets.length - 1;
  }

  /** True when entries are found by key. */
  get keyed(): boolean {
    return this.#keyForm !== 'none';
  }

  /** Returns the key of an interior entry of a keyed role, as the item it is. */
  keyItem(index: number): Uint8Array {
    this.locateKey(index);
    return this.bytes.subarray(this.offsets[index]! + 1, this.keyEnd);
  }

  /** Sets {@link keyStart} and {@link keyEnd} to the ordering bytes of an entry of a keyed role. */
  locateKey(index: number): void {
    const start = this.offsets[index]!;
    const end = this.offsets[index + 1]!;
    if (this.#keyForm === 'link') {
      this.keyStart = start + 1 + LINK_ID_OFFSET;
      this.keyEnd = start + 1 + LINK_BYTES;
    } else if (this.#keyForm === 'text') {
      this.keyStart = textStart(this.bytes, start + 1);
      this.keyEnd = skipText(this.bytes, start + 1, end);
    } else if (this.level === 0) {
      this.keyStart = start;
      this.keyEnd = end;
    } else {
      this.keyStart = start + 1;
      this.keyEnd = skipItem(this.bytes, start + 1, end);
    }
  }

  /** Compares the key of an entry with the ordering bytes of another key. */
  compareKey(index: number, key: Uint8Array): number {
    this.locateKey(index);
    const bytes = this.bytes;
    const from = this.keyStart;
    const length = this.keyEnd - from;
    const common = Math.min(length, key.length);
    for (let at = 0; at < common; at++) {
      const difference = bytes[from + at]! - key[at]!;
      if (difference !== 0) return difference;
    }
    return length - key.length;
  }

  /** Returns the index of the first entry whose key is not below the one with these ordering bytes. */
  lowerBound(key: Uint8Array): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compareKey(middle, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Number of leaf entries (bytes, for chunks) before each entry, and in all. */
  get weights(): Float64Array {
    if (this.#weights !== undefined) return this.#weights;
    const count = this.length;
    const weights = new Float64Array(count + 1);
    for (let index = 0; index < count; index++) weights[index + 1] = weights[index]! + this.#weightOf(index);
    if (!Number.isSafeInteger(weights[count])) fail('integer_range');
    this.#weights = weights;
    return weights;
  }

  /** Number of leaf entries below, bytes for chunks. */
  get weight(): number {
    return this.weights[this.length]!;
  }

  #weightOf(index: number): number {
    if (this.level === 0 && this.role !== 'chunks') return 1;
    const start = this.offsets[index]!;
    const end = this.offsets[index + 1]!;
    const counted = this.#keyForm === 'none' ? start + 1 : this.#keyItemEnd(index);
    return readCount(this.bytes, counted + LINK_BYTES, end);
  }

  #keyItemEnd(index: number): number {
    this.locateKey(index);
    return this.keyEnd;
  }

  /** Returns the offset of the 32 id bytes of the child of an interior entry. */
  childOffset(index: number): number {
    const link = this.#keyForm === 'none' ? this.offsets[index]! + 1 : this.#keyItemEnd(index);
    return link + LINK_ID_OFFSET;
  }

  /** Returns the child of an interior entry. */
  childId(index: number): PageId {
    this.#childIds ??= new Array<PageId | undefined>(this.length).fill(undefined);
    let childId = this.#childIds[index];
    if (childId === undefined) {
      childId = idInLink<'page'>(this.bytes, this.childOffset(index) - LINK_ID_OFFSET);
      this.#childIds[index] = childId;
    }
    return childId;
  }

  /** Decodes a leaf entry. */
  entry<Role extends PageRole>(index: number): LeafEntries[Role] {
    const codec = ENTRY_CODECS[this.role] as unknown as EntryCodec<Role>;
    return codec.read(this.bytes, this.offsets[index]!, this.offsets[index + 1]!);
  }

  /** Decodes all entries of a leaf. */
  entries<Role extends PageRole>(): LeafEntries[Role][] {
    const entries: LeafEntries[Role][] = [];
    for (let index = 0; index < this.length; index++) entries.push(this.entry<Role>(index));
    return entries;
  }
}

/**
 * Locates the entries of a page record.
 *
 * Checks the header and the outline of every entry, not the order of keys nor the payloads: what was stored has been
 * decoded strictly before. Throws `DmlError`, and never reads outside `bytes`.
 *
 * @spec DML-OBJ-2031
 */
export function parsePage(role: PageRole, bytes: Uint8Array): PageView {
  const end = bytes.length;
  if (end < 6 || bytes[0] !== 0x85 || bytes[1] !== 1 || bytes[2] !== 11) {
    checkHeader(bytes, 'page');
    fail('record_form');
  }
  if (bytes[3] !== PAGE_ROLE_NUMBERS[role]) {
    checkKind(bytes);
    fail('page_role');
  }
  const level = bytes[4]!;
  if (level > MAX_LEVEL) fail('page_level');
  const head: Head = { major: 0, value: 0, next: 0 };
  readHead(bytes, 5, end, head);
  if (head.major !== 4) fail('entry_form');
  if (head.value > end - head.next) fail('count_exceeds_bytes');
  if (head.value === 0) fail('page_empty');
  const offsets = new Uint32Array(head.value + 1);
  const { keyForm, skip } = ENTRY_CODECS[role] as EntryCodec<PageRole>;
  let at = head.next;
  for (let index = 0; index < head.value; index++) {
    offsets[index] = at;
    at = level === 0 ? skip(bytes, at, end) : skipInterior(keyForm, bytes, at, end);
  }
  offsets[head.value] = at;
  if (at !== end) fail('trailing_bytes');
  return new PageView(role, level, bytes, offsets);
}

function skipInterior(keyForm: KeyForm, bytes: Uint8Array, at: number, end: number): number {
  if (keyForm === 'none') return skipCount(bytes, skipLink(bytes, skipByte(bytes, at, end, 0x82), end), end);
  const key = skipByte(bytes, at, end, 0x83);
  const link = keyForm === 'text' ? skipText(bytes, key, end) : skipItem(bytes, key, end);
  return skipCount(bytes, skipLink(bytes, link, end), end);
}

/** Encodes the entries that an owner embeds, as a leaf. */
export function viewEntries<Role extends PageRole>(
  role: Role,
  entries: readonly LeafEntries[Role][],
): PageView {
  const writer = new CborWriter();
  const offsets = new Uint32Array(entries.length + 1);
  for (let index = 0; index < entries.length; index++) {
    writeEntry(writer, role, 0, entries[index]!);
    offsets[index + 1] = writer.length;
  }
  return new PageView(role, 0, writer.take(), offsets);
}

/** Returns the whole record of a page whose encoded entries are `source[start..end)`. */
export function encodePage(role: PageRole, level: number, count: number, entries: Uint8Array): Uint8Array {
  // A page of 65,536 entries would be four times the size that closes it.
  const head = count < 24 ? [0x80 | count] : count < 256 ? [0x98, count] : [0x99, count >> 8, count & 255];
  const record = new Uint8Array(5 + head.length + entries.length);
  record.set([0x85, 1, 11, PAGE_ROLE_NUMBERS[role], level, ...head]);
  record.set(entries, 5 + head.length);
  return record;
}

/** Reads pages of one role, through the caller's cache where there is one. */
export class PageReader {
  readonly role: PageRole;
  readonly #pages: PageSource;
  readonly #own = new Map<PageId, PageView>();

  constructor(role: PageRole, pages: PageSource) {
    this.role = role;
    this.#pages = pages;
  }

  /** Returns a page; `level` is what its parent says, undefined for a root. */
  read(pageId: PageId, level?: number): PageView {
    const cache = this.#pages.pageCache;
    let view = cache === undefined ? this.#own.get(pageId) : cache.get(pageId);
    if (view === undefined) {
      view = parsePage(this.role, readPage(this.#pages, pageId));
      if (cache === undefined) this.#keep(pageId, view);
      else cache.put(pageId, view);
    }
    if (view.role !== this.role) fail('page_role');
    if (level === undefined ? view.level > 0 && view.length < 2 : view.level !== level) fail('page_level');
    return view;
  }

  #keep(pageId: PageId, view: PageView): void {
    if (this.#own.size >= 64)
      for (const oldest of this.#own.keys()) {
        this.#own.delete(oldest);
        break;
      }
    this.#own.set(pageId, view);
  }
}
