import { CHUNK_MIN_BYTES } from '../blob/blob-chunker.ts';
import { compareBytes } from '../bytes.ts';
import { type CborValue, CODEC_DAG_CBOR, Link } from '../cbor/value.ts';
import type { CborWriter } from '../cbor/writer.ts';
import { fail } from '../errors.ts';
import { compareUtf8 } from '../text/utf8.ts';
import { encodeElement } from './element.ts';
import { entryKey, type PageEntry, readEntry, writeParts } from './entry.ts';
import { entryParts } from './entry-parts.ts';
import { readArray, readLink } from './fields.ts';
import { isKeyedRole, type LeafEntry, type PageRole, type TreeRoot } from './page-types.ts';
import type { Element } from './record-types.ts';

/** Writes the root field of an owner: its leaf entries, or the link to its top page. */
export function writeRoot(target: CborWriter, role: PageRole, root: unknown): void {
  // @spec DML-OBJ-1909
  if (typeof root === 'string') target.link(CODEC_DAG_CBOR, root);
  else if (Array.isArray(root)) writeEntries(target, role, 0, root);
  else fail('field_type', { expected: 'root' });
}

/** Writes the entries of a page, checked: each on its own first, then their order. */
export function writeEntries(
  target: CborWriter,
  role: PageRole,
  level: number,
  entries: readonly PageEntry[],
): void {
  target.head(4, entries.length);
  const parts = entryParts(role, level);
  for (const entry of entries) writeParts(target, parts, entry);
  checkEntries(role, level, entries);
}

/** Reads the root field of an owner. */
export function readRoot<Role extends PageRole>(role: Role, value: CborValue | undefined): TreeRoot<Role> {
  if (value instanceof Link) return readLink(value, 'page');
  return readEntries(role, 0, value) as readonly LeafEntry<Role>[];
}

/** Reads the entries of a page or of an embedded leaf. */
export function readEntries(
  role: PageRole,
  level: number,
  value: CborValue | undefined,
): readonly PageEntry[] {
  const entries = readArray(value).map((entry) => readEntry(role, level, entry));
  checkEntries(role, level, entries);
  return entries;
}

/** Throws where entries that are well formed cannot follow each other in one page. */
function checkEntries(role: PageRole, level: number, entries: readonly PageEntry[]): void {
  checkOrder(role, level, entries);
  if (role === 'chunks' && level === 0) checkChunkLengths(entries as readonly LeafEntry<'chunks'>[]);
}

/**
 * Checks that the keys of a keyed role are strictly increasing.
 *
 * @spec DML-OBJ-1905
 */
function checkOrder(role: PageRole, level: number, entries: readonly PageEntry[]): void {
  if (!isKeyedRole(role)) return;
  if (role === 'set') {
    let previous: Uint8Array | undefined;
    for (const entry of entries) {
      const next = encodeElement(entryKey(role, level, entry) as Element);
      // @spec DML-OBJ-1106
      if (previous !== undefined && compareBytes(previous, next) >= 0) fail('entry_order');
      previous = next;
    }
    return;
  }
  for (let at = 1; at < entries.length; at++) {
    // Texts, or ids, whose digits are ordered as their bytes are.
    const previous = entryKey(role, level, entries[at - 1]!) as string;
    if (compareUtf8(previous, entryKey(role, level, entries[at]!) as string) >= 0) fail('entry_order');
  }
}

function checkChunkLengths(chunks: readonly LeafEntry<'chunks'>[]): void {
  // @spec DML-OBJ-1913
  for (const [at, [, lengthBytes]] of chunks.entries())
    if (at < chunks.length - 1 && lengthBytes <= CHUNK_MIN_BYTES) fail('blob_chunks', { lengthBytes });
}
